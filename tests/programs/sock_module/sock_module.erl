%% The module `socket` over loopback: streams, datagrams, unix sockets, waiting, timeouts, closing, owners.
-module(sock_module).
-export([main/0]).

main() ->
    stream(inet, {127, 0, 0, 1}), stream(inet6, {0, 0, 0, 0, 0, 0, 0, 1}),
    unix(), datagrams(), messages(), nowait(), timeouts(), acceptors(), closing(), owner(), refused(), options(), wrong(),
    large().

loop(Family) -> #{family => Family, addr => loopback, port => 0}.

listener(Family, Address) ->
    {ok, L} = socket:open(Family, stream, tcp),
    ok = socket:setopt(L, {socket, reuseaddr}, true),
    ok = socket:bind(L, #{family => Family, addr => Address, port => 0}),
    ok = socket:listen(L),
    {ok, A} = socket:sockname(L),
    {L, A}.

pair() ->
    {L, A} = listener(inet, {127, 0, 0, 1}),
    {ok, C} = socket:open(inet, stream, tcp),
    ok = socket:connect(C, A),
    {ok, S} = socket:accept(L),
    ok = socket:close(L),
    {C, S}.

stream(Family, Address) ->
    {L, A} = listener(Family, Address),
    Self = self(),
    spawn_link(fun() ->
                       {ok, S} = socket:accept(L),
                       {ok, <<"hello">>} = socket:recv(S, 5),
                       ok = socket:send(S, [<<"wor">>, "ld"]),
                       {error, closed} = socket:recv(S, 0, 5000),
                       ok = socket:close(S),
                       Self ! done
               end),
    {ok, C} = socket:open(Family, stream),
    ok = socket:connect(C, A, 5000),
    {ok, A} = socket:peername(C),
    ok = socket:send(C, <<"hel">>),
    ok = socket:send(C, <<"lo">>),
    {ok, D} = socket:recv(C, 5, 5000),
    io:format("~p ~p ~p~n", [Family, D, maps:with([family, addr], A)]),
    ok = socket:shutdown(C, write),
    receive done -> ok end,
    {error, closed} = socket:recv(C),
    ok = socket:close(C),
    ok = socket:close(L).

unix() ->
    Path = "/tmp/corten-sock-" ++ os:getpid(),
    {ok, L} = socket:open(local, stream),
    ok = socket:bind(L, #{family => local, path => Path}),
    ok = socket:listen(L),
    {ok, #{family := local}} = socket:sockname(L),
    {ok, C} = socket:open(local, stream),
    ok = socket:connect(C, #{family => local, path => Path}),
    {ok, S} = socket:accept(L),
    ok = socket:send(S, "over a file"),
    io:format("~p~n", [socket:recv(C)]),
    [ok = socket:close(X) || X <- [C, S, L]],
    ok = file:delete(Path).

datagrams() ->
    {ok, A} = socket:open(inet, dgram, udp),
    {ok, B} = socket:open(inet, dgram, udp),
    ok = socket:bind(A, loop(inet)),
    ok = socket:bind(B, loop(inet)),
    {ok, AddrA} = socket:sockname(A),
    {ok, AddrB} = socket:sockname(B),
    ok = socket:sendto(A, <<"one">>, AddrB),
    {ok, {AddrA, <<"one">>}} = socket:recvfrom(B, 0, 5000),
    ok = socket:sendto(A, <<>>, AddrB),
    io:format("~p~n", [element(2, element(2, socket:recvfrom(B, 0, 5000)))]),
    ok = socket:connect(B, AddrA),
    ok = socket:send(B, <<"connected">>),
    io:format("~p~n", [socket:recv(A, 4)]),
    {error, timeout} = socket:recv(A, 0, 0),
    {error, timeout} = socket:recvfrom(A, 0, 20),
    [ok = socket:close(X) || X <- [A, B]].

messages() ->
    {C, S} = pair(),
    ok = socket:sendmsg(C, #{iov => [<<"a">>, <<"bc">>, <<"def">>]}),
    {ok, M} = socket:recvmsg(S, 100, 0, [], 5000),
    io:format("~p~n", [maps:without([addr], M)]),
    ok = socket:sendv(C, [integer_to_binary(N) || N <- lists:seq(1, 3000)]),
    Size = lists:sum([byte_size(integer_to_binary(N)) || N <- lists:seq(1, 3000)]),
    {ok, All} = socket:recv(S, Size, 5000),
    io:format("~p ~p~n", [byte_size(All), erlang:crc32(All)]),
    ok = socket:send(C, <<"peeked">>),
    {ok, <<"peeked">>} = socket:recv(S, 6, [peek], 5000),
    {ok, <<"peeked">>} = socket:recv(S, 6, 5000),
    [ok = socket:close(X) || X <- [C, S]].

nowait() ->
    {C, S} = pair(),
    {select, {select_info, recv, Handle}} = socket:recv(S, 0, nowait),
    ok = socket:send(C, <<"now">>),
    receive {'$socket', S, select, Handle} -> io:format("told~n") end,
    {ok, <<"now">>} = socket:recv(S, 0, nowait),
    {select, Info} = socket:recv(S, 0, nowait),
    ok = socket:cancel(S, Info),
    Ref = make_ref(),
    {select, {select_info, _, Ref} = Own} = socket:recv(S, 0, [], Ref),
    io:format("~p~n", [socket:cancel(S, Own)]),
    io:format("~p~n", [element(1, element(2, socket:cancel(S, Own)))]),
    %% A part of what is wanted waits with the socket.
    {select, {select_info, recv, H2}} = socket:recv(S, 6, nowait),
    ok = socket:send(C, <<"abc">>),
    receive {'$socket', S, select, H2} -> ok end,
    io:format("~p~n", [case socket:recv(S, 6, nowait) of
                           {select, {select_info, recv, H3}} ->
                               ok = socket:send(C, <<"def">>),
                               receive {'$socket', S, select, H3} -> ok end,
                               socket:recv(S, 6, nowait);
                           {select, {{select_info, recv, H3}, Part}} ->
                               ok = socket:send(C, <<"def">>),
                               receive {'$socket', S, select, H3} -> ok end,
                               {ok, Rest} = socket:recv(S, 3, nowait),
                               {ok, <<Part/binary, Rest/binary>>}
                       end]),
    [ok = socket:close(X) || X <- [C, S]].

timeouts() ->
    {C, S} = pair(),
    {error, timeout} = socket:recv(S, 0, 30),
    ok = socket:send(C, <<"1234">>),
    io:format("~p~n", [case socket:recv(S, 10, 50) of {error, timeout} -> timeout; {error, {timeout, _}} -> timeout end]),
    {ok, L} = socket:open(inet, stream, tcp),
    ok = socket:bind(L, loop(inet)),
    ok = socket:listen(L),
    io:format("~p ~p~n", [socket:accept(L, 30), socket:accept(L, 0)]),
    [ok = socket:close(X) || X <- [C, S, L]].

acceptors() ->
    {L, A} = listener(inet, {127, 0, 0, 1}),
    Self = self(),
    Pids = [spawn_link(fun() -> {ok, S} = socket:accept(L), Self ! {accepted, self()}, {ok, D} = socket:recv(S, 1), Self ! {got, D} end)
            || _ <- lists:seq(1, 5)],
    timer:sleep(50),
    Clients = [begin {ok, C} = socket:open(inet, stream), ok = socket:connect(C, A), ok = socket:send(C, <<N>>), C end || N <- lists:seq($a, $e)],
    Got = [receive {got, D} -> D end || _ <- Pids],
    io:format("~p~n", [lists:sort(Got)]),
    [ok = socket:close(C) || C <- Clients],
    ok = socket:close(L).

closing() ->
    {C, S} = pair(),
    Self = self(),
    {_, M} = spawn_monitor(fun() -> Self ! go, exit(socket:recv(S)) end),
    receive go -> ok end,
    timer:sleep(50),
    ok = socket:close(S),
    receive {'DOWN', M, _, _, R} -> io:format("~p~n", [R]) end,
    io:format("~p ~p ~p~n", [socket:send(S, <<"x">>), socket:recv(S), socket:close(S)]),
    {error, closed} = socket:recv(C, 0, 5000),
    ok = socket:close(C).

owner() ->
    Self = self(),
    {Pid, M} = spawn_monitor(fun() -> Self ! {socket, element(1, pair2())} end),
    S = receive {socket, X} -> X end,
    receive {'DOWN', M, process, Pid, _} -> ok end,
    timer:sleep(20),
    io:format("~p~n", [socket:sockname(S)]),
    {C, S2} = pair(),
    Other = spawn_link(fun() -> receive stop -> ok end end),
    ok = socket:setopt(S2, {otp, controlling_process}, Other),
    io:format("~p~n", [socket:setopt(S2, {otp, controlling_process}, self())]),
    Other ! stop,
    {error, closed} = socket:recv(C, 0, 5000),
    ok = socket:close(C).

pair2() -> pair().

refused() ->
    {L, A} = listener(inet, {127, 0, 0, 1}),
    ok = socket:close(L),
    {ok, C} = socket:open(inet, stream),
    io:format("~p~n", [socket:connect(C, A, 5000)]),
    ok = socket:close(C).

options() ->
    {C, S} = pair(),
    [io:format("~p ~p ~p~n", [O, socket:setopt(C, O, V), socket:getopt(C, O)])
     || {O, V} <- [{{socket, keepalive}, true}, {{tcp, nodelay}, true}, {{socket, linger}, #{onoff => true, linger => 5}},
                   {{socket, reuseaddr}, true}, {{ip, ttl}, 77}, {{ip, tos}, lowdelay}, {{tcp, keepidle}, 100}, {{otp, rcvbuf}, 1000},
                   {{otp, meta}, {some, [term]}}, {{ip, recvttl}, true}, {{ip, mtu_discover}, want}]],
    [io:format("~p ~p~n", [O, socket:getopt(C, O)])
     || O <- [{socket, type}, {socket, domain}, {socket, protocol}, {otp, debug}, {otp, iow}, {socket, acceptconn}, {socket, error}]],
    io:format("~p~n", [socket:getopt_native(C, {socket, type}, integer)]),
    io:format("~p~n", [socket:setopt_native(C, {socket, keepalive}, false)]),
    [ok = socket:close(X) || X <- [C, S]].

wrong() ->
    {ok, S} = socket:open(inet, stream),
    [io:format("~p~n", [R])
     || R <- [socket:open(foo, stream), socket:open(inet, foo), socket:setopt(S, {socket, keepalive}, perhaps),
              socket:setopt(S, {socket, foo}, 1), socket:getopt(S, {foo, bar}), socket:recv(S, 0, 100), socket:peername(S),
              socket:bind(S, #{family => inet, addr => {1, 2, 3}, port => 0}), socket:setopt(S, {otp, rcvbuf}, 0),
              (catch socket:send(foo, <<>>)) =/= ok, element(1, catch socket:recv(S, -1))]],
    ok = socket:close(S).

large() ->
    {C, S} = pair(),
    Data = binary:copy(<<"0123456789">>, 500000),
    Self = self(),
    spawn_link(fun() -> Self ! {sent, socket:send(C, Data)} end),
    {ok, Got} = socket:recv(S, byte_size(Data), 20000),
    receive {sent, R} -> io:format("~p ~p~n", [R, Got =:= Data]) end,
    %% Nobody reads: a part is sent, then time is up.
    {error, {timeout, Rest}} = socket:send(C, binary:copy(Data, 10), 100),
    io:format("~p~n", [byte_size(Rest) < 10 * byte_size(Data)]),
    [ok = socket:close(X) || X <- [C, S]].
