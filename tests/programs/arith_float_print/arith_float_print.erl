-module(arith_float_print).
-include("t.hrl").
main() ->
    Fs = [0.0, -0.0, 1.0, -1.5, 0.1, 0.3, 1 / 3, 2 / 3, 100.0, 1.0e3, 12345.678, 1.0e5, 123456789.0, 1.0e9, 1.0e10, 1.0e15, 1.0e16,
          1.0e17, 1.0e20, 1.0e21, 1.0e22, 1.0e23, 1.0e100, 1.7976931348623157e308, 5.0e-324, 2.2250738585072014e-308, 1.0e-3,
          1.0e-4, 1.0e-5, 0.00012345, 9007199254740991.0, 9007199254740992.0, 9007199254740994.0, 4503599627370496.5,
          3.141592653589793, 2.718281828459045, 6.02214076e23, 1.602e-19, 123456789012345680.0, 0.1 + 0.2, 1.0e-7, 99999.99999],
    [begin
         io:format("~p ~w ~s ~s ~s~n", [F, F, float_to_list(F, [short]), float_to_list(F), float_to_binary(F)]),
         io:format("   ~s | ~s | ~s | ~s~n", [float_to_list(F, [{scientific, S}]) || S <- [0, 3, 10, 20]]),
         true = list_to_float(float_to_list(F, [short])) =:= F,
         true = list_to_float(float_to_list(F)) =:= F
     end || F <- Fs],
    [io:format("~s | ~s | ~s | ~s | ~s~n", [float_to_list(F, [{decimals, 0}]), float_to_list(F, [{decimals, 2}]),
        float_to_list(F, [{decimals, 10}]), float_to_list(F, [{decimals, 10}, compact]), float_to_binary(F, [{decimals, 4}, compact])])
        || F <- Fs, abs(F) < 1.0e21],
    [io:format("~f|~e|~g|~.2f|~.3e|~.4g|~12.3f|~-12.2f|~10.2.0f~n", [F, F, F, F, F, F, F, F, F]) || F <- Fs, abs(F) < 1.0e40],
    ?P(float_to_list(?id(1.0e300), [{decimals, 10}])),
    ?P(float_to_list(?id(1), [short])),
    ?P(float_to_list(?id(1.0), [{decimals, 300}])),
    ?P(float_to_list(?id(1.0), [nonsense])),
    ?P(float_to_binary(?id(2.5), [{decimals, 0}])),
    ?P(float_to_binary(?id(3.5), [{decimals, 0}])),
    ?P(float_to_binary(?id(0.125), [{decimals, 2}])),
    ?P(float_to_binary(?id(-0.001), [{decimals, 2}])).
