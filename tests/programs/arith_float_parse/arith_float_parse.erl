-module(arith_float_parse).
-include("t.hrl").
main() ->
    Good = ["0.0", "-0.0", "+1.5", "1.0e10", "1.0E10", "1.0e+10", "1.0e-10", "123456789.123456789", "0.1", "1.7976931348623157e308",
            "4.9406564584124654e-324", "2.0e-324", "1.0e-400", "9007199254740993.0", "0.30000000000000004", "00001.5", "1.5e007",
            "179769313486231580793728971405301.0", "2.2250738585072011e-308"],
    Bad = ["", "1", "1.", ".5", "1e5", "1.0e", "1.0e+", "a", "1.0x", " 1.0", "1.0 ", "1.0e400", "--1.0", "1.0.0", "0x1.0", "inf", "nan", "1_0.0"],
    [io:format("~s -> ~p ~p~n", [S, catch_(fun() -> list_to_float(S) end), catch_(fun() -> binary_to_float(list_to_binary(S)) end)]) || S <- Good ++ Bad],
    [io:format("~s -> ~p ~p~n", [S, string:to_float(S), string:to_float(list_to_binary(S))]) || S <- Good ++ Bad ++ ["1.5rest", "2.5e3zz", "1,5"]],
    ?P(list_to_float(?id(a))),
    ?P(list_to_float(?id([$1, $., a]))),
    ?P(binary_to_float(?id(<<"1.5", 1:1>>))),
    ?P(16#FF + 2#1010 + 36#ZZ),
    ?P(1_000_000 + 1_0.2_5).
catch_(F) -> try F() catch error:R -> R end.
