%% Four processes at once: lookups, {read_concurrency, true}.
-module(ets_par_read).
-export([run/0]).
run() ->
    T = tables:fill(ets:new(t, [public, {read_concurrency, true}]), 20000),
    S = tables:all(50000, fun(I, N) -> length(ets:lookup(T, (N * 7919 + I) rem 20000 + 1)) end),
    R = {S, ets:info(T, size)},
    ets:delete(T), R.
