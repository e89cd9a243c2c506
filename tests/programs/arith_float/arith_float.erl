-module(arith_float).
-include("t.hrl").
main() ->
    Fs = [0.0, -0.0, 1.0, -1.0, 0.1, 1.5, 2.5, -2.5, 3.5, 1.0e10, 1.0e22, 1.0e-7, 4.9e-324, 2.2250738585072014e-308,
          1.7976931348623157e308, 123456.789, 9007199254740992.0, 9007199254740993.0, 1.0e15, 1.0e16],
    [io:format("~p~n", [[try F(A, B) catch error:R -> R end || B <- Fs]]) || A <- Fs,
        F <- [fun(X, Y) -> X + Y end, fun(X, Y) -> X - Y end, fun(X, Y) -> X * Y end, fun(X, Y) -> X / Y end]],
    [io:format("~w trunc ~w round ~w floor ~w ceil ~w abs ~w neg ~w~n",
        [F, trunc(F), round(F), floor(F), ceil(F), abs(F), -F]) || F <- Fs ++ [-F || F <- Fs], abs(F) < 1.0e30],
    ?P(trunc(?id(1.0e30))),
    ?P(round(?id(-1.7976931348623157e308)) rem 1000000007),
    ?P(?id(1) / ?id(3)),
    ?P(?id(1 bsl 100) / ?id(1 bsl 99)),
    ?P(float(?id(1 bsl 64))),
    ?P(float(?id((1 bsl 53) + 1))),
    ?P(float(?id(1 bsl 1023)) =:= 8.98846567431158e307),
    ?P(float(?id(1 bsl 1024))),
    ?P(?id(1 bsl 2000) * 1.0),
    ?P(?id(1 bsl 2000) / ?id(1 bsl 1999)),
    ?P(?id(1.0e308) * ?id(10)),
    ?P(?id(0.0) / ?id(0)),
    ?P(?id(1) + ?id(2.5)),
    ?P(?id(3) * ?id(0.5)),
    ?P(?id(2.5) =:= ?id(5) / 2),
    ?P(?id(0.0) == ?id(-0.0)),
    ?P(?id(0.0) =:= ?id(-0.0)),
    ?P([is_float(X) || X <- [1, 1.0, a, 1 bsl 70]]),
    ?P(sum(1000, 0.0)),
    ?P(mandel(-0.7436, 0.1318, 0.0, 0.0, 0)).
sum(0, A) -> A;
sum(N, A) -> sum(N - 1, A + 1 / N).
mandel(_, _, X, Y, N) when N >= 500; X * X + Y * Y > 4.0 -> {N, X, Y};
mandel(A, B, X, Y, N) -> mandel(A, B, X * X - Y * Y + A, 2 * X * Y + B, N + 1).
