%% Busy loops.
-module(fairness_loops).
-export([figures/0]).
figures() -> fairness:with([fun() -> loop(100000) end]).
loop(0) -> ok;
loop(N) -> loop(N - 1).
