%% Bytes that come back as they are: small messages (1 KB) and large ones (64 KB) over 16 connections, nanoseconds a
%% message there and back.
-module(net_echo).
-export([figures/0]).

figures() ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {reuseaddr, true}, {backlog, 1024}, {nodelay, true}]),
    {ok, Port} = inet:port(L),
    spawn_link(fun() -> acceptor(L) end),
    _ = net_load:run(echo, [Port, 16, 300, 1024]),
    [begin {Time, N, _} = net_load:run(echo, [Port, 16, 2000, Size]), {Name, Time div N, "ns"} end
     || {Name, Size} <- [{small, 1024}, {large, 65536}]].

acceptor(L) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> receive go -> inet:setopts(S, [{active, true}]), loop(S) end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    acceptor(L).

loop(S) ->
    receive
        {tcp, S, Data} -> ok = gen_tcp:send(S, Data), loop(S);
        {tcp_closed, S} -> ok
    end.
