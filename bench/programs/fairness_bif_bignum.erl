%% A long native function: every process is in one all the time.
-module(fairness_bif_bignum).
-export([figures/0]).
figures() ->
    X = binary:decode_unsigned(binary:copy(<<171>>, 200000)),
    fairness:with([fun() -> X * X end]).
