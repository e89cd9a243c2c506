-module(str_json).
-include("t.hrl").
main() ->
    ?P(json:decode(<<"{\"a\":[1,2.5,-3e2,true,false,null,\"s\\u00e9\\n\"],\"b\":{}}">>)),
    ?P(json:decode(<<" [ ] ">>)), [io:format("~p ~p~n", [B, t(fun() -> json:decode(B) end)]) || B <- [<<>>, <<"{">>, <<"[1,]">>, <<"01">>, <<"1.">>, <<"tru">>, <<"\"\\x\"">>, <<"\"\\ud83d\\ude00\"">>, <<"\"\\ud83d\"">>, <<"[1] x">>, <<"\"", 255, "\"">>, <<"123456789012345678901234567890">>, <<"1.0e400">>, <<"\"\t\"">>, <<"{\"a\":1,\"a\":2}">>, <<"nan">>]], ?P(iolist_to_binary(json:encode(#{a => [1, 2.5, null, true, <<"q\"\n">>, foo], <<"k">> => 1 bsl 70}) ) =/= x),
    ?P(iolist_to_binary(json:encode([#{k => v}, 1.0, 1.0e22, -0.0, [], #{}, <<"é😀"/utf8>>, <<0, 31, 127>>]))),
    ?P(t(fun() -> json:encode({a}) end)),
    ?P(t(fun() -> json:encode(<<255>>) end)),
    ?P(t(fun() -> json:encode(#{{k} => 1}) end)),
    ?P(json:decode(<<"[1,2] tail">>, acc, #{}) =/= x),
    ?P(json:decode(<<"{\"x\":[1]}">>, ok, #{object_push => fun(K, V, A) -> [{K, V} | A] end, array_finish => fun(A, O) -> {{arr, A}, O} end})),
    ?P(iolist_to_binary(json:format(#{a => [1, #{b => 2}]}))), Big = [#{<<"id">> => I} || I <- lists:seq(1, 2000)], ?P(json:decode(iolist_to_binary(json:encode(Big))) =:= Big),
    ?P(iolist_to_binary(json:encode({kv, [{a, 1}]}, fun({kv, L}, E) -> json:encode_key_value_list(L, E); (O, E) -> json:encode_value(O, E) end))).
t(F) -> try F() catch error:R -> R end.
