%% The system monitor's long_message_queue, and what a process says of those that it has suspended.
-module(proc_queue_length).
-export([main/0]).

main() ->
    Self = self(),
    %% It is not told of itself.
    Monitor = spawn_link(fun() -> relay(Self) end),
    erlang:system_monitor(Monitor, [{long_message_queue, {5, 10}}]),
    fill(10), receive never -> ok after 50 -> ok end,
    fill(5), told(), told(),
    take(9), told(),
    take(1), told(),
    take(5), told(),
    erlang:system_monitor(undefined),
    suspended().

fill(N) -> [self() ! hello || _ <- lists:seq(1, N)].
take(N) -> [receive hello -> ok end || _ <- lists:seq(1, N)].

told() ->
    receive {told, T} -> io:format("~p~n", [T])
    after 300 -> io:format("nothing~n")
    end.

relay(To) ->
    receive {monitor, To, What, Value} -> To ! {told, {What, Value}} end,
    relay(To).

suspended() ->
    P = spawn(fun() -> receive stop -> ok end end),
    io:format("~p~n", [erlang:suspend_process(P)]),
    io:format("~p~n", [erlang:suspend_process(P, [unless_suspending])]),
    io:format("~p~n", [erlang:suspend_process(P, [asynchronous])]),
    io:format("~p~n", [erlang:suspend_process(P, [asynchronous, unless_suspending])]),
    {suspending, [{P, 2, 0}]} = process_info(self(), suspending),
    {status, suspended} = process_info(P, status),
    erlang:resume_process(P),
    {status, suspended} = process_info(P, status),
    erlang:resume_process(P),
    waiting(P),
    {suspending, []} = process_info(self(), suspending),
    io:format("~p~n", [try erlang:resume_process(P) catch error:R -> R end]),
    Q = spawn(fun() -> spin(0) end),
    Tag = make_ref(),
    io:format("~p~n", [erlang:suspend_process(Q, [{asynchronous, Tag}])]),
    receive {Tag, Answer} -> io:format("~p~n", [Answer]) end,
    {suspending, [{Q, 1, 0}]} = process_info(self(), suspending),
    exit(Q, kill).

waiting(P) ->
    case process_info(P, status) of
        {status, waiting} -> ok;
        _ -> erlang:yield(), waiting(P)
    end.

spin(N) -> spin(N + 1).
