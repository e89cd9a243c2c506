%% Sockets that a program has as a descriptor already: the descriptor stays open when the socket made of it is closed.
-module(sock_fd).
-export([main/0]).

main() ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}]),
    {ok, Port} = inet:port(L),
    {ok, C} = gen_tcp:connect("localhost", Port, [binary, {active, false}]),
    {ok, A} = gen_tcp:accept(L),
    {ok, FD} = prim_inet:getfd(A),
    {ok, S} = gen_tcp:fdopen(FD, [binary]),
    {ok, FD} = prim_inet:getfd(S),
    ok = gen_tcp:send(C, "hello"),
    io:format("~p~n", [gen_tcp:recv(S, 5)]),
    ok = gen_tcp:send(S, "from the copy"),
    ok = gen_tcp:close(S),
    io:format("~p~n", [gen_tcp:send(A, ", and from the original")]),
    ok = gen_tcp:close(A),
    io:format("~p ~p~n", [gen_tcp:recv(C, 36), gen_tcp:recv(C, 0)]),
    {ok, U} = gen_udp:open(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, UFD} = prim_inet:getfd(U),
    {ok, V} = gen_udp:open(0, [binary, {active, false}, {fd, UFD}]),
    {ok, To} = inet:port(U),
    {ok, To} = inet:port(V),
    ok = gen_udp:send(U, {127, 0, 0, 1}, To, <<"to itself">>),
    {ok, {_, To, Data}} = gen_udp:recv(V, 0),
    io:format("~p~n", [Data]),
    gen_udp:close(V),
    ok = gen_udp:send(U, {127, 0, 0, 1}, To, <<"still there">>),
    {ok, {_, To, Data2}} = gen_udp:recv(U, 0),
    io:format("~p~n", [Data2]),
    io:format("~p~n", [gen_tcp:fdopen(12345, [])]).
