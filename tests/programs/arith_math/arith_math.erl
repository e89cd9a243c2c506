-module(arith_math).
-include("t.hrl").
main() ->
    [io:format("~s ~w~n", [F, [try r(apply(math, F, [X])) catch error:R -> R end || X <- [0, 1, -1, 0.5, -0.5, 2, 10, 100.25, 1.0e10, 1 bsl 70, 1000, a]]])
     || F <- [sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, exp, log, log2, log10, sqrt, erf, erfc, ceil, floor]],
    [io:format("~s ~w~n", [F, [try r(apply(math, F, [X, Y])) catch error:R -> R end || X <- [0, 1, -2.5, 10], Y <- [0, 0.5, -1, 3, 1000]]])
     || F <- [pow, atan2, fmod]],
    ?P(r(math:pi())),
    ?P(r(math:tau())),
    ?P(math:sqrt(?id(16))),
    ?P(math:pow(?id(2), ?id(10))),
    ?P(math:exp(?id(1000))),
    ?P(math:log(?id(0))),
    ?P(math:log2(?id(1024))).
%% The last bits of a libm are its own business.
r(X) when X == 0 -> 0.0;
r(X) -> list_to_float(float_to_list(X, [{scientific, 11}])).
