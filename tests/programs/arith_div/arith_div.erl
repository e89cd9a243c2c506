-module(arith_div).
-include("t.hrl").
main() ->
    Ns = [0, 1, 2, 3, 7, 10, 255, 65537, (1 bsl 59) - 1, 1 bsl 59, (1 bsl 59) + 1, 1 bsl 60, (1 bsl 63) - 1,
          1 bsl 63, 1 bsl 64, (1 bsl 64) + 1, 123456789012345678901234567890, 1 bsl 128, (1 bsl 200) - 1, (1 bsl 131) + 12345],
    All = Ns ++ [-N || N <- Ns, N =/= 0],
    [io:format("~p: ~w~n", [A, [check(A, B) || B <- All, B =/= 0]]) || A <- All],
    ?P(?id(1) div ?id(0)),
    ?P(?id(1) rem ?id(0)),
    ?P(?id(1 bsl 100) div ?id(0)),
    ?P(?id(1 bsl 100) rem ?id(0)),
    ?P(?id(1.0) div ?id(1)),
    ?P(?id(-(1 bsl 59)) div ?id(-1)),
    ?P(?id(-(1 bsl 59)) rem ?id(-1)),
    ?P(?id(a) rem ?id(1)).
check(A, B) ->
    Q = A div B, R = A rem B,
    true = Q * B + R =:= A,
    true = abs(R) < abs(B),
    true = R =:= 0 orelse (R < 0) =:= (A < 0),
    {Q, R}.
