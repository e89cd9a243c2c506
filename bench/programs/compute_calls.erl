-module(compute_calls).
-export([run/0, fib/1]).
run() -> {fib(27), tak(18, 12, 6), ack(2, 500), ext(300000, 0)}.
fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).
tak(X, Y, Z) when Y >= X -> Z;
tak(X, Y, Z) -> tak(tak(X - 1, Y, Z), tak(Y - 1, Z, X), tak(Z - 1, X, Y)).
ack(0, N) -> N + 1;
ack(M, 0) -> ack(M - 1, 1);
ack(M, N) -> ack(M - 1, ack(M, N - 1)).
ext(0, A) -> A;
ext(N, A) -> ext(N - 1, A + ?MODULE:fib(N band 1)).
