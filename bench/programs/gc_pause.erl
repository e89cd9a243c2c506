%% How late a ticker is while another process collects a live heap of 500 MB again and again.
-module(gc_pause).
-export([figures/0]).
figures() ->
    Me = self(),
    P = spawn(fun() -> T = gc_live_heap:make(200), Me ! ready, keep(T) end),
    receive ready -> ok end,
    R = fairness:with([fun() -> erlang:yield(), lists:seq(1, 100) end]),
    exit(P, kill),
    R.
keep(T) -> keep(gc_live_heap:churn(T, 100)).
