%% Ancillary data with datagrams: kinds of service and times to live, sent and received, through gen_udp and the module
%% socket.
-module(sock_ancillary).
-export([main/0]).

main() ->
    udp(),
    tcp(),
    sockets().

udp() ->
    Ip = {127, 0, 0, 1},
    {ok, R} = gen_udp:open(0, [binary, {ip, Ip}, {active, false}, {recvtos, true}, {recvttl, true}]),
    {ok, S} = gen_udp:open(0, [binary, {ip, Ip}, {ttl, 33}]),
    {ok, To} = inet:port(R),
    {ok, From} = inet:port(S),
    ok = gen_udp:send(S, Ip, To, <<"plain">>),
    {ok, {Ip, From, A1, <<"plain">>}} = gen_udp:recv(R, 0),
    io:format("~p~n", [lists:sort(A1)]),
    ok = gen_udp:send(S, Ip, To, [{tos, 16}, {ttl, 7}], <<"own">>),
    {ok, {Ip, From, A2, <<"own">>}} = gen_udp:recv(R, 0),
    io:format("~p~n", [lists:sort(A2)]),
    ok = inet:setopts(R, [{active, once}, {recvtos, false}]),
    ok = gen_udp:send(S, {Ip, To}, [{tos, 16}], <<"active">>),
    receive {udp, R, Ip, From, A3, D3} -> io:format("~p ~p~n", [lists:sort(A3), D3]) end,
    ok = inet:setopts(R, [{recvttl, false}]),
    ok = gen_udp:send(S, Ip, To, <<"without">>),
    {ok, {Ip, From, D4}} = gen_udp:recv(R, 0),
    io:format("~p~n", [D4]),
    io:format("~p~n", [gen_udp:recv(R, 0, 0)]),
    ok = gen_udp:send(S, Ip, To, <<"there">>),
    timer:sleep(100),
    {ok, {Ip, From, D5}} = gen_udp:recv(R, 0, 0),
    io:format("~p~n", [D5]),
    ok = inet:setopts(R, [{recbuf, 1 bsl 20}]),
    io:format("~p~n", [inet:getopts(R, [buffer])]),
    {ok, [{Ip, To}]} = inet:socknames(R),
    io:format("~p~n", [inet:peernames(R)]).

tcp() ->
    {ok, L} = gen_tcp:listen(0, [binary, {ip, {127, 0, 0, 1}}, {active, false}, {recvtos, true}, {recvttl, true}]),
    {ok, Port} = inet:port(L),
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {tos, 16}, {ttl, 21}]),
    {ok, S} = gen_tcp:accept(L),
    ok = gen_tcp:send(C, <<"hello">>),
    {ok, <<"hello">>} = gen_tcp:recv(S, 0),
    {ok, [{pktoptions, Options}]} = inet:getopts(S, [pktoptions]),
    io:format("~p~n", [lists:sort(Options)]),
    [gen_tcp:close(X) || X <- [C, S, L]].

sockets() ->
    Any = #{family => inet, addr => loopback, port => 0},
    [R, S] = [begin {ok, X} = socket:open(inet, dgram, udp), ok = socket:bind(X, Any), X end || _ <- [1, 2]],
    {ok, To} = socket:sockname(R),
    [ok = socket:setopt(R, Opt, true) || Opt <- [{ip, recvtos}, {ip, recvttl}, {ip, pktinfo}, {socket, timestamp}]],
    ok = socket:sendmsg(S, #{addr => To, iov => [<<"to">>, <<"gether">>],
                             ctrl => [#{level => ip, type => tos, value => lowdelay}, #{level => ip, type => ttl, value => 9}]}),
    {ok, #{ctrl := Ctrl, iov := Iov, flags := Flags}} = socket:recvmsg(R),
    io:format("~p ~p~n", [iolist_to_binary(Iov), Flags]),
    [io:format("~p~n", [shown(C)]) || C <- lists:sort(Ctrl)],
    ok = socket:sendmsg(S, #{addr => To, iov => [<<"x">>], ctrl => [#{level => ip, type => ttl, data => 11}]}),
    {ok, #{ctrl := Ctrl2}} = socket:recvmsg(R),
    io:format("~p~n", [[V || #{type := ttl, value := V} <- Ctrl2]]),
    io:format("~p~n", [catch socket:sendmsg(S, #{addr => To, iov => [<<"x">>], ctrl => [#{level => ip, type => nothing, value => 1}]})]),
    [socket:close(X) || X <- [R, S]].

shown(#{type := timestamp, value := #{sec := S, usec := U}} = C) ->
    {maps:get(level, C), timestamp, S > 1700000000, U < 1000000, byte_size(maps:get(data, C))};
shown(#{type := pktinfo, value := V} = C) -> {maps:get(level, C), pktinfo, maps:remove(ifindex, V), byte_size(maps:get(data, C))};
shown(C) -> lists:sort(maps:to_list(C)).
