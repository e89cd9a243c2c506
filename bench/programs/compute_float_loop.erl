-module(compute_float_loop).
-export([run/0]).
run() -> {mandel(60, 0, 0), nbody(8000, {0.0, 0.0, 1.0, 0.5, 0.0}), sum(500000, 0.0), poly(200000, 0.0)}.
mandel(N, N, S) -> S;
mandel(N, Y, S) -> mandel(N, Y + 1, line(N, 0, Y, S)).
line(N, N, _, S) -> S;
line(N, X, Y, S) -> line(N, X + 1, Y, S + iter(3.0 * X / N - 2.0, 2.0 * Y / N - 1.0, 0.0, 0.0, 0)).
iter(_, _, X, Y, N) when X * X + Y * Y > 4.0; N >= 200 -> N;
iter(A, B, X, Y, N) -> iter(A, B, X * X - Y * Y + A, 2.0 * X * Y + B, N + 1).
nbody(0, {_, _, X, Y, E}) -> {round(X * 1000), round(Y * 1000), round(E)};
nbody(N, {VX, VY, X, Y, E}) ->
    R2 = X * X + Y * Y,
    F = -1.0 / (R2 * math:sqrt(R2)),
    DT = 0.001,
    VX1 = VX + F * X * DT, VY1 = VY + F * Y * DT,
    nbody(N - 1, {VX1, VY1, X + VX1 * DT, Y + VY1 * DT, E + VX1 * VX1 + VY1 * VY1}).
sum(0, A) -> round(A * 1000);
sum(N, A) -> sum(N - 1, A + 1.0 / (N * 1.5)).
poly(0, A) -> trunc(A);
poly(N, A) -> X = N / 1000, poly(N - 1, A + ((2.5 * X - 1.5) * X + 0.5) * X - abs(A) / 2).
