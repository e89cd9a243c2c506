%% term_to_binary: exact bytes, and back.
-module(term_encode).
-include("t.hrl").
main() ->
    Ts = [0, 1, 255, 256, -1, 2147483647, 2147483648, -2147483648, -2147483649, 1 bsl 59, 1 bsl 63, -(1 bsl 63), 1 bsl 64, 1 bsl 2039, 1 bsl 2040, -(1 bsl 2040),
          0.0, -0.0, 1.5, 1.0e300, a, '', 'with space', 'ü', '日本', list_to_atom(lists:duplicate(255, $x)), true,
          [], [1], [1, 2, 3], "string", [255, 256], [a | b], [[], []], {}, {1}, {a, {b, {c}}}, list_to_tuple(lists:seq(1, 256)),
          <<>>, <<1, 2, 3>>, <<1:1>>, <<255:8, 5:3>>, #{}, #{a => 1}, #{1 => #{2 => 3}}, [1.5, {x, <<"b">>}], lists:seq(1, 300), lists:duplicate(10, 7)],
    [begin
         B = term_to_binary(T),
         case byte_size(B) < 80 of true -> io:format("~w~n   ~w~n", [T, B]); false -> io:format("~P~n   ~p bytes, md5 ~w~n", [T, 8, byte_size(B), erlang:md5(B)]) end,
         true = binary_to_term(B) =:= T,
         true = erlang:external_size(T) >= byte_size(B)
     end || T <- Ts],
    ?P(term_to_binary(fun lists:map/2)),
    ?P(binary_to_term(term_to_binary(fun lists:map/2))),
    ?P(term_to_binary(1.5, [{minor_version, 0}])),
    ?P(term_to_binary('ü', [{minor_version, 1}])),
    ?P(term_to_binary(abc, [{minor_version, 1}])),
    ?P(term_to_binary(abc, [{minor_version, 2}])),
    Big = lists:duplicate(1000, <<"repeat">>),
    C = term_to_binary(Big, [compressed]),
    ?P(byte_size(C) < byte_size(term_to_binary(Big)) div 10),
    ?P(binary_to_term(C) =:= Big),
    ?P([binary_to_term(term_to_binary(Big, [{compressed, L}])) =:= Big || L <- lists:seq(0, 9)]),
    ?P(binary:first(binary:part(C, 1, 1))),
    ?P(term_to_binary(a, [compressed])),
    ?P(iolist_to_binary(term_to_iovec({a, [b], <<"c">>}))),
    ?P(term_to_binary(#{K => K || K <- lists:seq(1, 40)}, [deterministic]) =:= term_to_binary(#{K => K || K <- lists:reverse(lists:seq(1, 40))}, [deterministic])),
    ?P(binary_to_term(term_to_binary(#{K => {K} || K <- lists:seq(1, 100)})) =:= #{K => {K} || K <- lists:seq(1, 100)}),
    P = self(), R = make_ref(), F = fun(X) -> {X, P, R} end,
    ?P(binary_to_term(term_to_binary({P, R})) =:= {P, R}),
    ?P((binary_to_term(term_to_binary(F)))(1) =:= {1, P, R}),
    ?P(term_to_binary(?id(a), [bad_option])),
    ?P(binary_to_term(<<131, 97, 5, "trailing">>, [used])),
    ?P(binary_to_term(<<131, 97, 5, "trailing">>)),
    ?P([erlang:external_size(T) || T <- [1, 1000, a, 1.5, "abc", {a}, <<"xyz">>, #{a => b}, 1 bsl 100]]).
