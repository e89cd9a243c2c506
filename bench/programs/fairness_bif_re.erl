%% A long native function: every process is in one all the time.
-module(fairness_bif_re).
-export([figures/0]).
figures() ->
    B = binary:copy(<<"aaaaaaaaab">>, 200000),
    fairness:with([fun() -> re:run(B, "(a+)+c|b\\z", []) end]).
