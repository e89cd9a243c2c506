%% Four processes at once: inserts, deletes and lookups in an ordered set, {write_concurrency, true}.
-module(ets_par_ordered).
-export([run/0]).
run() ->
    T = tables:fill(ets:new(t, [public, ordered_set, {write_concurrency, true}]), 20000),
    S = tables:all(20000, fun(I, N) -> K = {I, N rem 1000}, ets:insert(T, {K, N, x}), ets:delete(T, {I, (N + 500) rem 1000}), length(ets:lookup(T, N)) end),
    R = {S, ets:info(T, size)},
    ets:delete(T), R.
