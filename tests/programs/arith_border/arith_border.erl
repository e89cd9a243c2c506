%% Sums, differences and products around every border of small integers and machine words.
-module(arith_border).
-include("t.hrl").
main() ->
    Ns = lists:usort(lists:append([[X - 1, X, X + 1, -X - 1, -X, -X + 1] ||
        B <- [0, 31, 59, 60, 63, 64], X <- [1 bsl B]])),
    [io:format("~p: ~p~n", [A, [{A + B, A - B, B - A} || B <- Ns]]) || A <- Ns, A rem 2 =:= 0],
    [io:format("~p * ~w~n", [A, [A * B || B <- Ns]]) || A <- Ns, A rem 2 =/= 0],
    [io:format("-(~p) = ~p, abs ~p, +~p~n", [A, -A, abs(A), +A]) || A <- Ns],
    [io:format("~w~n", [[begin X = A + B, X - B =:= A end || B <- Ns]]) || A <- Ns].
