-module(bin_float).
-include("t.hrl").
main() ->
    Fs = [0.0, -0.0, 1.0, -1.5, 0.1, 65504.0, 5.960464477539063e-8, 3.4028234663852886e38, 1.401298464324817e-45, 1.0e-310, 1.0e300, 3.14159],
    [io:format("~w: ~w ~w~n", [F, <<F/float>>, <<F/float-little>>]) || F <- Fs],
    [io:format("~w: ~w~n", [F, [t(fun() -> <<F:S/float>> end) || S <- [16, 32, 64]]]) || F <- Fs],
    [io:format("~w: ~w~n", [F, [t(fun() -> <<1:3, F:S/float-little, 1:5>> end) || S <- [16, 32, 64]]]) || F <- Fs],
    ?P([case <<F:64/float>> of <<G/float>> -> G =:= F end || F <- Fs]),
    ?P([case <<F:32/float>> of <<G:32/float>> -> G end || F <- Fs, abs(F) < 3.5e38]),
    ?P([case <<F:16/float>> of <<G:16/float>> -> G end || F <- Fs, abs(F) =< 65504.0]),
    ?P(m(<<16#7FF0000000000000:64>>)),
    ?P(m(<<16#7FF8000000000000:64>>)),
    ?P(m(<<16#FFF0000000000000:64>>)),
    ?P(m(<<16#7F800000:32>>)),
    ?P(m(<<16#7C00:16>>)),
    ?P(m(<<16#3C00:16>>)),
    ?P(m(<<16#3F800000:32>>)),
    ?P(m(<<1:8>>)),
    ?P([X || <<X:32/float>> <= <<1.0:32/float, 16#7F800000:32, 2.0:32/float>>]),
    ?P(<<(?id(1)):64/float>>),
    ?P(<<(?id(1 bsl 70)):64/float>>),
    ?P(<<(?id(1 bsl 2000)):64/float>>),
    ?P(<<(?id(a)):64/float>>),
    ?P(<<(?id(1.0)):(?id(17))/float>>),
    ?P(<<(?id(1.0e300)):32/float>>),
    ?P(<<(?id(70000.0)):16/float>>),
    ?P(begin <<_:5, F1:64/float, _/bits>> = <<0:5, 2.5/float, 7:3>>, F1 end),
    ?P(begin <<_:5, F2:32/little-float, _/bits>> = <<0:5, 2.5:32/little-float, 7:3>>, F2 end).
m(<<F:64/float>>) -> {f64, F}; m(<<F:32/float>>) -> {f32, F}; m(<<F:16/float>>) -> {f16, F}; m(B) -> {no, B}.
t(F) -> try F() catch error:R -> R end.
