%% gen_tcp and gen_udp over the module `socket`: `inet_backend`.
-module(sock_backend).
-export([main/0]).

main() ->
    [tcp(M) || M <- [passive, active, once, packet4, line]],
    udp(),
    refused().

tcp(Mode) ->
    Packet = case Mode of packet4 -> 4; line -> line; _ -> raw end,
    {ok, L} = gen_tcp:listen(0, [{inet_backend, socket}, binary, {active, false}, {packet, Packet}, {reuseaddr, true}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(L),
    Self = self(),
    spawn_link(fun() ->
                       {ok, S} = gen_tcp:accept(L),
                       ok = gen_tcp:send(S, <<"first\n">>),
                       ok = gen_tcp:send(S, <<"second\n">>),
                       receive stop -> ok end,
                       ok = gen_tcp:close(S),
                       Self ! closed
               end) ! stop,
    Active = case Mode of active -> true; once -> once; _ -> false end,
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [{inet_backend, socket}, binary, {active, Active}, {packet, Packet}], 5000),
    Got = case Active of
              false when Packet =:= raw -> gen_tcp:recv(C, 13, 5000);
              false -> [gen_tcp:recv(C, 0, 5000), gen_tcp:recv(C, 0, 5000)];
              true -> collect(C, <<>>);
              once -> once(C, <<>>)
          end,
    io:format("~p ~p~n", [Mode, Got]),
    receive closed -> ok end,
    ok = gen_tcp:close(C),
    ok = gen_tcp:close(L).

collect(C, Acc) ->
    receive
        {tcp, C, D} -> collect(C, <<Acc/binary, D/binary>>);
        {tcp_closed, C} -> Acc
    end.

once(C, Acc) ->
    receive
        {tcp, C, D} -> ok = inet:setopts(C, [{active, once}]), once(C, <<Acc/binary, D/binary>>);
        {tcp_closed, C} -> Acc
    end.

udp() ->
    {ok, A} = gen_udp:open(0, [{inet_backend, socket}, binary, {active, true}, {ip, {127, 0, 0, 1}}]),
    {ok, B} = gen_udp:open(0, [{inet_backend, socket}, binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, PA} = inet:port(A),
    {ok, PB} = inet:port(B),
    ok = gen_udp:send(A, {127, 0, 0, 1}, PB, <<"ping">>),
    {ok, {{127, 0, 0, 1}, PA, D}} = gen_udp:recv(B, 0, 5000),
    ok = gen_udp:send(B, {127, 0, 0, 1}, PA, <<D/binary, "-pong">>),
    receive {udp, A, {127, 0, 0, 1}, PB, R} -> io:format("~p~n", [R]) after 5000 -> io:format("nothing~n") end,
    ok = gen_udp:close(A),
    ok = gen_udp:close(B).

refused() ->
    {ok, L} = gen_tcp:listen(0, [{inet_backend, socket}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(L),
    ok = gen_tcp:close(L),
    io:format("~p~n", [gen_tcp:connect({127, 0, 0, 1}, Port, [{inet_backend, socket}], 5000)]).
