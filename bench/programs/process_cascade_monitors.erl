%% 100,000 processes, each of which watches the one before and ends when that one has ended; and one that watches 100,000.
-module(process_cascade_monitors).
-export([time/0]).
time() ->
    Me = self(),
    First = spawn(fun() -> receive go -> ok end end),
    Last = chain(100000, First),
    M = monitor(process, Last),
    T0 = erlang:monotonic_time(nanosecond),
    First ! go,
    receive {'DOWN', M, _, _, normal} -> ok end,
    T1 = erlang:monotonic_time(nanosecond),
    Ps = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 100000)],
    Watcher = spawn(fun() -> [monitor(process, P) || P <- Ps], Me ! ready, downs(100000), Me ! done end),
    receive ready -> ok end,
    T2 = erlang:monotonic_time(nanosecond),
    [P ! stop || P <- Ps],
    receive done -> ok end,
    T3 = erlang:monotonic_time(nanosecond),
    {T1 - T0 + T3 - T2, is_pid(Watcher)}.
chain(N, First) ->
    Me = self(),
    lists:foldl(fun(_, Before) ->
        P = spawn(fun() ->
            M = monitor(process, Before),
            Me ! watching,
            receive {'DOWN', M, _, _, _} -> ok end
        end),
        receive watching -> P end
    end, First, lists:seq(1, N)).
downs(0) -> ok;
downs(N) -> receive {'DOWN', _, _, _, normal} -> downs(N - 1) end.
