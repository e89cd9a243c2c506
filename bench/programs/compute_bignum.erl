-module(compute_bignum).
-export([run/0]).
run() -> {erlang:phash2(fact(600)), erlang:phash2(fib(6000, 0, 1)), modpow(3, 1 bsl 512 - 1, (1 bsl 521) - 1) rem 1000000007, erlang:phash2(pi(250)), length(integer_to_list(pow(7, 2500))), small(100000, 1 bsl 62, 0)}.
fact(0) -> 1;
fact(N) -> N * fact(N - 1).
fib(0, A, _) -> A;
fib(N, A, B) -> fib(N - 1, B, A + B).
modpow(_, 0, _) -> 1;
modpow(B, E, M) when E band 1 =:= 0 -> modpow(B * B rem M, E bsr 1, M);
modpow(B, E, M) -> B * modpow(B, E - 1, M) rem M.
pow(_, 0) -> 1;
pow(B, N) when N band 1 =:= 1 -> B * pow(B, N - 1);
pow(B, N) -> X = pow(B, N bsr 1), X * X.
pi(D) -> One = pow(10, D), 4 * (4 * at(25, One div 5, 1, 1, 0) - at(57121, One div 239, 1, 1, 0)).
at(_, 0, _, _, S) -> S;
at(X2, T, N, G, S) -> at(X2, T div X2, N + 2, -G, S + G * (T div N)).
small(0, _, S) -> S rem 1000003;
small(N, X, S) -> small(N - 1, (X * 5 + N) band 16#ffffffffffffffff, S + (X bsr 3)).
