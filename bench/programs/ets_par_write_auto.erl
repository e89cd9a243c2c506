%% Four processes at once: inserts, {write_concurrency, auto}.
-module(ets_par_write_auto).
-export([run/0]).
run() ->
    T = tables:fill(ets:new(t, [public, {write_concurrency, auto}]), 20000),
    S = tables:all(30000, fun(I, N) -> ets:insert(T, {{I, N rem 1000}, N, <<"value">>}), 1 end),
    R = {S, ets:info(T, size)},
    ets:delete(T), R.
