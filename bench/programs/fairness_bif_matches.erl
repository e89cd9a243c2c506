%% A long native function: every process is in one all the time.
-module(fairness_bif_matches).
-export([figures/0]).
figures() ->
    B = binary:copy(<<"abcdefghij">>, 1000000),
    fairness:with([fun() -> binary:matches(B, [<<"cde">>, <<"xyz">>]) end]).
