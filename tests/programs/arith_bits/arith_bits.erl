-module(arith_bits).
-include("t.hrl").
main() ->
    Ns0 = [0, 1, 5, 255, 1 bsl 31, (1 bsl 59) - 1, 1 bsl 59, (1 bsl 64) - 1, 1 bsl 64, 16#123456789ABCDEF0123456789ABCDEF, (1 bsl 128) - 1, 1 bsl 128],
    Ns = Ns0 ++ [-N || N <- Ns0, N =/= 0],
    [io:format("~p ~p: ~w~n", [A, B, [A band B, A bor B, A bxor B]]) || A <- Ns, B <- Ns],
    [io:format("bnot ~p = ~p~n", [A, bnot A]) || A <- Ns],
    Shifts = [0, 1, 4, 31, 32, 58, 59, 60, 63, 64, 65, 127, 128, 200],
    [io:format("~p: ~w~n", [A, [{A bsl S, A bsr S, A bsl -S, A bsr -S} || S <- Shifts]]) || A <- Ns],
    ?P(?id(0) bsl ?id(1 bsl 70)),
    ?P(?id(1) bsr ?id(1 bsl 70)),
    ?P(?id(-1) bsr ?id(1 bsl 70)),
    ?P(?id(1) bsl ?id(-(1 bsl 70))),
    ?P(?id(1 bsl 100) bsr ?id(1 bsl 70)),
    ?P(?id(-(1 bsl 100)) bsr ?id(1000)),
    ?P(?id(1.0) band ?id(1)),
    ?P(?id(1) bsl ?id(a)),
    ?P(bnot ?id(b)).
