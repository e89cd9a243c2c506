%% Four processes at once: nine lookups to an insert, both options.
-module(ets_par_mixed_auto).
-export([run/0]).
run() ->
    T = tables:fill(ets:new(t, [public, {write_concurrency, auto}, {read_concurrency, true}]), 20000),
    S = tables:all(30000, fun(I, N) when N rem 10 =:= 0 -> ets:insert(T, {{I, N rem 1000}, N, <<"value">>}), 1; (_, N) -> length(ets:lookup(T, N rem 20000 + 1)) end),
    R = {S, ets:info(T, size)},
    ets:delete(T), R.
