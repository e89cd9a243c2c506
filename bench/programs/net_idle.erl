%% 20,000 connections, a process for each, that do nothing: resident bytes each. Fewer where the system's limit for open
%% files is lower.
-module(net_idle).
-export([figures/0]).

figures() ->
    Limit = try list_to_integer(string:trim(os:cmd("ulimit -n"))) catch error:badarg -> 1 bsl 20 end,
    Count = min(20000, Limit - 200),
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {reuseaddr, true}, {backlog, 1024}]),
    {ok, Port} = inet:port(L),
    Me = self(),
    erlang:garbage_collect(),
    Before = memory_idle:rss(),
    [spawn_link(fun() -> acceptor(L, Me) end) || _ <- lists:seq(1, 10)],
    Load = spawn_link(fun() -> Me ! {self(), net_load:run(idle, [Port, Count])} end),
    Pids = [receive {new, Pid} -> Pid end || _ <- lists:seq(1, Count)],
    timer:sleep(5000),
    Size = memory_idle:rss() - Before,
    [Pid ! stop || Pid <- Pids],
    receive {Load, Count} -> ok end,
    [{connection, Size div Count, "bytes"}].

acceptor(L, Main) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> receive go -> ok end, ok = inet:setopts(S, [{active, once}]), idle(S) end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    Main ! {new, Pid},
    acceptor(L, Main).

idle(S) ->
    receive
        {tcp, S, Data} -> ok = gen_tcp:send(S, Data), inet:setopts(S, [{active, once}]), idle(S);
        {tcp_closed, S} -> ok;
        stop -> gen_tcp:close(S)
    end.
