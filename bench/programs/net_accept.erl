%% Connections that are made, greeted and closed: nanoseconds each, and how many of 10,000 were refused or not greeted.
-module(net_accept).
-export([figures/0]).

figures() ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {reuseaddr, true}, {backlog, 1024}]),
    {ok, Port} = inet:port(L),
    [spawn_link(fun() -> acceptor(L) end) || _ <- lists:seq(1, 10)],
    _ = net_load:run(accept, [Port, 1280]),
    {Time, Made, 0} = net_load:run(accept, [Port, 10000]),
    [{'-', Time div Made, "ns"}].

acceptor(L) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> receive go -> ok = gen_tcp:send(S, <<"ok">>), {error, closed} = gen_tcp:recv(S, 0) end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    acceptor(L).
