%% A long native function: every process is in one all the time.
-module(fairness_bif_sort).
-export([figures/0]).
figures() ->
    L = [I * 7919 rem 1000003 || I <- lists:seq(1, 500000)],
    fairness:with([fun() -> lists:sort(L) end]).
