-module(arith_int_text).
-include("t.hrl").
main() ->
    Ns = [0, 1, -1, 35, 36, 1000, 1 bsl 59, -(1 bsl 59), 1 bsl 64, -(1 bsl 64), 123456789012345678901234567890, -(1 bsl 200)],
    [io:format("~s ~s ~w~n", [integer_to_list(N), integer_to_binary(N), [integer_to_list(N, B) || B <- [2, 3, 8, 10, 16, 36]]]) || N <- Ns],
    [true = list_to_integer(integer_to_list(N, B), B) =:= N || N <- Ns, B <- lists:seq(2, 36)],
    [true = binary_to_integer(integer_to_binary(N, B), B) =:= N || N <- Ns, B <- lists:seq(2, 36)],
    Bad = ["", "-", "+", "1a", " 1", "1 ", "1.0", "--1", "0x10", "1_000", "9999999999999999999999x"],
    [io:format("~p ~p~n", [S, t(fun() -> list_to_integer(S) end)]) || S <- Bad ++ ["+17", "-0", "007", "-00012345678901234567890"]],
    [io:format("~p ~p~n", [S, t(fun() -> binary_to_integer(list_to_binary(S)) end)]) || S <- Bad ++ ["+17", "-0", "007"]],
    [io:format("~p ~p~n", [S, string:to_integer(S)]) || S <- Bad ++ ["12rest", "+5", "-7-8"]],
    ?P(list_to_integer("zZ", 36)),
    ?P(list_to_integer("ff", 16)),
    ?P(list_to_integer("fg", 16)),
    ?P(list_to_integer("12", 2)),
    ?P(list_to_integer("1", ?id(1))),
    ?P(list_to_integer("1", ?id(37))),
    ?P(integer_to_list(?id(1), ?id(37))),
    ?P(integer_to_list(?id(1.0))),
    ?P(integer_to_binary(?id(a))),
    ?P(list_to_integer(?id(["1"]))),
    ?P(io_lib:format("~b ~.16b ~.16B ~.36B ~8.16.0b ~x ~+", [10, 255, 255, 35, 4097, 1]) ),
    ?P(lists:flatten(io_lib:format("~10.10.0b|~-10b|~#|~.2#|~16+", [42, 42]))),
    ?P(lists:flatten(io_lib:format("~.16#|~.2#|~.8+|~.16x|~.16X", [255, 5, 64, 255, "0x", 255, "0X"]))),
    ?P(lists:flatten(io_lib:format("~.16x|~.16X", [-255, "0x", 255, "0X"]))).
t(F) -> try F() catch error:R -> R end.
