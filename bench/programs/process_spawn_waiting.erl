%% A million processes that wait. What is timed is their start, not their end.
-module(process_spawn_waiting).
-export([time/0, idle/1]).
time() ->
    N = 1000000,
    C = counters:new(1, []),
    T0 = erlang:monotonic_time(nanosecond),
    Ps = spawn_all(N, C, []),
    wait(C, N),
    T1 = erlang:monotonic_time(nanosecond),
    end_all(Ps),
    gone(),
    {T1 - T0, counters:get(C, 1)}.
spawn_all(0, _, Ps) -> Ps;
spawn_all(N, C, Ps) -> spawn_all(N - 1, C, [spawn(?MODULE, idle, [C]) | Ps]).
idle(C) -> counters:add(C, 1, 1), receive stop -> ok end.
wait(C, N) -> case counters:get(C, 1) of N -> ok; _ -> timer:sleep(1), wait(C, N) end.
end_all([]) -> ok;
end_all([P | Ps]) -> P ! stop, end_all(Ps).
gone() -> case erlang:system_info(process_count) of N when N < 1000 -> ok; _ -> timer:sleep(10), gone() end.
