%% Bytes of resident memory for each of a million idle processes, by the operating system's figures.
-module(memory_process).
-export([figures/0, idle/1]).
figures() ->
    N = 1000000,
    C = counters:new(1, []),
    A = rss(),
    spawn_all(N, C),
    wait(C, N),
    timer:sleep(500),
    [{'-', (rss() - A) div N, "bytes"}].
spawn_all(0, _) -> ok;
spawn_all(N, C) -> spawn(?MODULE, idle, [C]), spawn_all(N - 1, C).
idle(C) -> counters:add(C, 1, 1), receive stop -> ok end.
wait(C, N) -> case counters:get(C, 1) of N -> ok; _ -> timer:sleep(20), wait(C, N) end.
rss() -> memory_idle:rss().
