%% A long native function: every process is in one all the time.
-module(fairness_bif_map).
-export([figures/0]).
figures() ->
    L = [{I * 7919 rem 1000003, I} || I <- lists:seq(1, 1000000)],
    fairness:with([fun() -> maps:from_list(L) end]).
