-module(arith_bignum).
-include("t.hrl").
main() ->
    ?P(fact(?id(100))),
    ?P(fact(200) div fact(198)),
    ?P(erlang:phash2(fact(1000))),
    ?P(length(integer_to_list(fact(1000)))),
    ?P(fib(1000)),
    ?P(pow(3, 500)),
    ?P(pow(-7, 201)),
    ?P(modpow(2, 12345678901234567890, 98765432109876543210987654321)),
    ?P(modpow(3, (1 bsl 127) - 2, (1 bsl 127) - 1)),
    ?P(gcd(fact(60), pow(2, 40) * pow(3, 10) * 61)),
    ?P(isqrt(pow(10, 101))),
    ?P(lists:sum(integer_to_list(pow(2, 4000)))),
    ?P(list_to_integer(integer_to_list(fact(300))) =:= fact(300)),
    ?P(binary:encode_unsigned(pow(2, 80) + 1)),
    ?P(binary:decode_unsigned(<<1:80, 2:80>>)),
    ?P(pi_digits(100)),
    ?P(erlang:crc32(integer_to_binary(pow(3, 20000)))),
    ?P(pow(3, 20000) div pow(3, 19990)),
    ?P(pow(3, 20000) rem (pow(2, 1000) + 1)),
    ?P(erlang:md5(integer_to_binary(fact(3000)))),
    ?P(begin A = pow(7, 3000), B = pow(11, 2000), (A * B) div B =:= A end),
    ?P(begin A = pow(7, 3000), B = pow(11, 2000), (A + B) * (A - B) =:= A * A - B * B end),
    ?P([is_integer(X) || X <- [1 bsl 59, 1 bsl 64, -(1 bsl 300)]]).
fact(0) -> 1;
fact(N) -> N * fact(N - 1).
fib(N) -> fib(N, 0, 1).
fib(0, A, _) -> A;
fib(N, A, B) -> fib(N - 1, B, A + B).
pow(_, 0) -> 1;
pow(B, N) when N band 1 =:= 1 -> B * pow(B, N - 1);
pow(B, N) -> X = pow(B, N bsr 1), X * X.
modpow(_, 0, M) -> 1 rem M;
modpow(B, E, M) when E band 1 =:= 0 -> modpow(B * B rem M, E bsr 1, M);
modpow(B, E, M) -> B * modpow(B, E - 1, M) rem M.
gcd(A, 0) -> A;
gcd(A, B) -> gcd(B, A rem B).
isqrt(N) -> isqrt(N, N).
isqrt(N, X) ->
    case (X + N div X) div 2 of
        Y when Y >= X -> X;
        Y -> isqrt(N, Y)
    end.
%% Machin's formula with big integers.
pi_digits(D) ->
    One = pow(10, D + 10),
    4 * (4 * arctan(5, One) - arctan(239, One)) div pow(10, 10).
arctan(X, One) -> arctan(X * X, One div X, 1, 1, 0).
arctan(_, 0, _, _, Sum) -> Sum;
arctan(X2, T, N, S, Sum) -> arctan(X2, T div X2, N + 2, -S, Sum + S * (T div N)).
