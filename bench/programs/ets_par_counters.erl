%% Four processes at once: update_counter of few keys.
-module(ets_par_counters).
-export([run/0]).
run() ->
    T = tables:fill(ets:new(t, [public, {write_concurrency, auto}, {decentralized_counters, true}]), 20000),
    S = tables:all(50000, fun(_, N) -> ets:update_counter(T, N rem 64 + 1, {2, 1}), 1 end),
    R = {S, ets:info(T, size)},
    ets:delete(T), R.
