%% A long native function: every process is in one all the time.
-module(fairness_bif_external).
-export([figures/0]).
figures() ->
    T = [{I, "text", <<"binary">>, #{a => I}} || I <- lists:seq(1, 200000)],
    fairness:with([fun() -> binary_to_term(term_to_binary(T)) end]).
