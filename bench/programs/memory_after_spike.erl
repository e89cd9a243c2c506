%% Resident memory 10 seconds after a spike (400 MB of heap, 200 MB of binaries, 300,000 processes, an ETS table): percent of before.
-module(memory_after_spike).
-export([figures/0]).
figures() ->
    spike(10),
    timer:sleep(2000),
    Before = memory_idle:rss(),
    spike(1000),
    timer:sleep(10000),
    [{'-', 100 * memory_idle:rss() div Before, "%"}].
spike(Permille) ->
    {P, M} = spawn_monitor(fun() ->
        L = [{I, [I]} || I <- lists:seq(1, 7000 * Permille)],
        B = [binary:copy(<<I>>, 200 * Permille) || I <- lists:seq(1, 1000)],
        Ps = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 300 * Permille)],
        T = ets:new(t, []),
        [ets:insert(T, {I, I}) || I <- lists:seq(1, 1000 * Permille)],
        [Q ! stop || Q <- Ps],
        exit({length(L), length(B)})
    end),
    receive {'DOWN', M, process, P, _} -> ok end.
