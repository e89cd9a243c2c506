%% Makers of garbage, small and large.
-module(fairness_garbage).
-export([figures/0]).
figures() ->
    fairness:with([
        fun() -> lists:foldl(fun(I, _) -> lists:seq(1, I rem 100) end, [], lists:seq(1, 10000)) end,
        fun() -> length([{I, [I]} || I <- lists:seq(1, 300000)]) end,
        fun() -> [binary:copy(<<"x">>, 100000) || _ <- lists:seq(1, 100)] end
    ]).
