-module(arith_loop).
-include("t.hrl").
main() ->
    ?P(lcg(1000000, 42)),
    ?P(lists:max([{collatz(N, 0), N} || N <- lists:seq(1, 10000)])),
    ?P(length(sieve(lists:seq(2, 5000)))),
    ?P(ack(2, 300)),
    ?P(tak(15, 10, 5)),
    ?P(fib(24)),
    ?P(xorshift(100000, 88172645463325252)),
    ?P(adler(lists:duplicate(100000, 97), 1, 0)),
    ?P(digits(1 bsl 1000, 0)),
    ?P(hanoi(14, a, b, c)),
    ?P(queens(7)).
lcg(0, X) -> X;
lcg(N, X) -> lcg(N - 1, (X * 1103515245 + 12345) band 16#7fffffff).
collatz(1, N) -> N;
collatz(X, N) when X band 1 =:= 0 -> collatz(X bsr 1, N + 1);
collatz(X, N) -> collatz(3 * X + 1, N + 1).
sieve([]) -> [];
sieve([P | T]) -> [P | sieve([X || X <- T, X rem P =/= 0])].
ack(0, N) -> N + 1;
ack(M, 0) -> ack(M - 1, 1);
ack(M, N) -> ack(M - 1, ack(M, N - 1)).
tak(X, Y, Z) when Y >= X -> Z;
tak(X, Y, Z) -> tak(tak(X - 1, Y, Z), tak(Y - 1, Z, X), tak(Z - 1, X, Y)).
fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).
xorshift(0, X) -> X;
xorshift(N, X0) ->
    X1 = X0 bxor (X0 bsl 13) band 16#ffffffffffffffff,
    X2 = X1 bxor (X1 bsr 7),
    xorshift(N - 1, (X2 bxor (X2 bsl 17)) band 16#ffffffffffffffff).
adler([], A, B) -> (B bsl 16) bor A;
adler([H | T], A, B) -> A1 = (A + H) rem 65521, adler(T, A1, (B + A1) rem 65521).
digits(0, S) -> S;
digits(N, S) -> digits(N div 10, S + N rem 10).
hanoi(0, _, _, _) -> 0;
hanoi(N, A, B, C) -> hanoi(N - 1, A, C, B) + 1 + hanoi(N - 1, C, B, A).
queens(N) -> length(place(N, N)).
place(0, _) -> [[]];
place(K, N) -> [[Q | Qs] || Qs <- place(K - 1, N), Q <- lists:seq(1, N), safe(Q, Qs, 1)].
safe(_, [], _) -> true;
safe(Q, [H | T], D) -> Q =/= H andalso abs(Q - H) =/= D andalso safe(Q, T, D + 1).
