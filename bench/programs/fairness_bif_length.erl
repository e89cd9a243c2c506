%% A long native function: every process is in one all the time.
-module(fairness_bif_length).
-export([figures/0]).
figures() ->
    L = lists:seq(1, 3000000),
    fairness:with([fun() -> {length(L), lists:member(x, L)} end]).
