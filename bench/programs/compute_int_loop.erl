-module(compute_int_loop).
-export([run/0]).
run() -> {lcg(2000000, 1), collatz(20000, 0), gcds(300, 0), bits(500000, 12345, 0)}.
lcg(0, X) -> X;
lcg(N, X) -> lcg(N - 1, (X * 1103515245 + 12345) band 16#7fffffff).
collatz(0, Best) -> Best;
collatz(N, Best) -> collatz(N - 1, max(Best, steps(N, 0))).
steps(1, C) -> C;
steps(N, C) when N band 1 =:= 0 -> steps(N bsr 1, C + 1);
steps(N, C) -> steps(3 * N + 1, C + 1).
gcds(0, S) -> S;
gcds(N, S) -> gcds(N - 1, row(N, 300, S)).
row(_, 0, S) -> S;
row(A, B, S) -> row(A, B - 1, S + gcd(A, B)).
gcd(A, 0) -> A;
gcd(A, B) -> gcd(B, A rem B).
bits(0, _, S) -> S;
bits(N, X0, S) ->
    X1 = X0 bxor (X0 bsl 7) band 16#ffffffff,
    X = X1 bxor (X1 bsr 9),
    bits(N - 1, X, S + (X div 3) - (X rem 5)).
