%% Options by level and number, of Linux: set, and read with a size and with bytes, together with others.
-module(sock_raw_options).
-export([main/0]).
-define(SOCKET, 1).
-define(KEEPALIVE, 9).
-define(TYPE, 3).
-define(SNDBUF, 7).
-define(TCP, 6).
-define(NODELAY, 1).

main() ->
    {ok, L} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}, {raw, ?SOCKET, ?KEEPALIVE, <<1:32/native>>}]),
    {ok, U} = gen_udp:open(0, [{ip, {127, 0, 0, 1}}]),
    [io:format("~p ~p~n", [N, inet:getopts(S, O)])
     || {N, S} <- [{tcp, L}, {udp, U}],
        O <- [[{raw, ?SOCKET, ?KEEPALIVE, 4}], [{raw, ?SOCKET, ?KEEPALIVE, <<0:32>>}], [{raw, ?SOCKET, ?TYPE, 4}, active, {raw, ?SOCKET, ?KEEPALIVE, 4}],
              [keepalive, {raw, ?TCP, ?NODELAY, 4}, nodelay, {raw, ?SOCKET, 9999, 4}, mode],
              [{raw, ?SOCKET, ?TYPE, 100}], [{raw, ?SOCKET, ?TYPE, 2}], [{raw, ?SOCKET, ?TYPE, 0}], [{raw, ?SOCKET, ?TYPE, <<>>}],
              [{raw, ?SOCKET, ?TYPE, 65536}], [exclusiveaddruse, mode], [line_delimiter], [read_packets, mode], [{raw, ?SOCKET, ?TYPE, -1}],
              [{raw, ?SOCKET, ?TYPE, a}], [{raw, ?SOCKET, 9999, 4}], [{raw, 9999, 1, 4}]]],
    [io:format("~p~n", [inet:setopts(L, [O])])
     || O <- [{raw, ?SOCKET, ?KEEPALIVE, <<0:32/native>>}, {raw, ?SOCKET, ?KEEPALIVE, <<>>}, {raw, ?SOCKET, 9999, <<0:32>>}, {raw, 9999, 1, <<0:32>>}]],
    io:format("~p~n", [inet:getopts(L, [keepalive, {raw, ?SOCKET, ?KEEPALIVE, 4}])]),
    ok = inet:setopts(L, [{raw, ?TCP, ?NODELAY, <<1:32/native>>}, {active, false}]),
    io:format("~p~n", [inet:getopts(L, [nodelay, active, {raw, ?TCP, ?NODELAY, 4}])]),
    ok = inet:setopts(L, [{raw, ?SOCKET, ?SNDBUF, <<20000:32/native>>}]),
    {ok, [{sndbuf, Size}, {raw, _, _, <<Size:32/native>>}]} = inet:getopts(L, [sndbuf, {raw, ?SOCKET, ?SNDBUF, 4}]),
    gen_tcp:close(L),
    gen_udp:close(U).
