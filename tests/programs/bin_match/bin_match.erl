-module(bin_match).
-include("t.hrl").
main() ->
    B = ?id(<<16#12, 16#34, 16#56, 16#78, 16#9A, 16#BC, 16#DE, 16#F0, 16#FF>>),
    [io:format("~p: ~w~n", [S, ints(S, B)]) || S <- [1, 4, 7, 8, 9, 12, 16, 23, 24, 31, 32, 33, 48, 59, 60, 63, 64, 65, 72]],
    [io:format("~p ~p: ~w~n", [O, S, off(O, S, B)]) || O <- [1, 3, 7, 8, 11], S <- [3, 8, 13, 16, 32, 57, 60]],
    ?P(tag(<<0>>)),
    ?P(tag(<<1, 2>>)),
    ?P(tag(<<2:2, 5:6, "rest">>)),
    ?P(tag(<<"abc">>)),
    ?P(tag(<<>>)),
    ?P(tag(<<200, 3, "xyzw">>)),
    ?P(tag(<<1:1>>)),
    ?P(tag(x)),
    ?P(tag(<<3:4, 9:4, 77>>)),
    ?P(tag(<<255, 255, 0>>)),
    ?P(len(<<3, "abcdef">>)),
    ?P(len(<<3, "ab">>)),
    ?P(len(<<0>>)),
    ?P(sized(4, <<1:4, 2:4, 3:8>>)),
    ?P(sized(16, <<1:4>>)),
    ?P(begin <<X:4, Y/bits>> = ?id(<<16#AB, 16#CD>>), {X, Y} end),
    ?P(begin <<_:3, Y:8/bits, Z/bits>> = ?id(<<16#AB, 16#CD>>), {Y, Z} end),
    ?P(begin <<"pre", R/binary>> = ?id(<<"prefix">>), R end),
    ?P(begin <<"pre", _/binary>> = ?id(<<"nope">>) end),
    ?P(begin <<A:8, A:8>> = ?id(<<5, 5>>), A end),
    ?P(begin <<A:8, A:8>> = ?id(<<5, 6>>), A end),
    ?P(begin <<N, D:N/binary, T/binary>> = ?id(<<2, "hi", "tail">>), {N, D, T} end),
    ?P(begin <<N, D:(N + 1)/binary-unit:4, T/bits>> = ?id(<<2, "hello">>), {D, T} end),
    ?P(words(<<"the quick  brown fox">>, <<>>, [])),
    ?P(count(binary:copy(<<1, 0>>, 5000), 0)),
    ?P(bits(<<16#A5, 1:3>>)),
    ?P(sum16(<<1:16, 2:16, 3:16>>, 0)),
    ?P(sum16(<<1:16, 2:8>>, 0)),
    ?P(back(<<"aaab">>)),
    ?P(back(<<"aaac">>)),
    ?P(ctx(<<1, 2, 3, 4>>)),
    ?P(neg(<<(-5):8, (-1):16/little, (-3):5, 0:3>>)),
    ?P(case ?id(<<1, 2, 3>>) of <<_:16, _:16>> -> a; <<_:8, R2:2/binary>> -> R2; _ -> c end),
    ?P(case ?id(<<255>>) of <<X1:8/signed>> when X1 > 0 -> pos; <<X1:8/signed>> -> {neg, X1} end),
    ?P([X || <<X:3>> <= ?id(<<2#10110111:8, 2#1:1>>)]),
    ?P([{X, Y} || <<X, Y/little-signed>> <= ?id(<<1, 255, 3, 128, 9>>)]),
    ?P([X || <<1:1, X:7>> <= ?id(<<129, 2, 130, 131, 4>>)]),
    ?P(<< <<(X + 1)>> || <<X>> <= ?id(<<"HAL">>) >>).
ints(S, B) ->
    <<U:S/big-unsigned, _/bits>> = B, <<I:S/big-signed, _/bits>> = B, <<LU:S/little-unsigned, _/bits>> = B, <<LS:S/little-signed, _/bits>> = B,
    {U, I, LU, LS}.
off(O, S, B) ->
    <<_:O, U:S/big, _/bits>> = B, <<_:O, I:S/big-signed, _/bits>> = B, <<_:O, L:S/little, _/bits>> = B, <<_:O, LS:S/little-signed, _/bits>> = B, <<_:O, R:S/bits, _/bits>> = B,
    {U, I, L, LS, R}.
tag(<<0>>) -> zero;
tag(<<1, X>>) -> {one, X};
tag(<<2:2, X:6, R/binary>>) -> {two, X, R};
tag(<<"abc", R/bits>>) -> {abc, R};
tag(<<3:4, 9:4, X>>) -> {nibbles, X};
tag(<<>>) -> empty;
tag(<<T, L, D:L/binary, R/binary>>) when T > 100 -> {tlv, T, D, R};
tag(B) when is_binary(B) -> {binary, B};
tag(B) when is_bitstring(B) -> {bits, bit_size(B)};
tag(_) -> none.
len(<<L, S:L/binary, R/binary>>) -> {S, R};
len(B) -> {short, B}.
sized(S, Bin) when bit_size(Bin) >= 2 * S -> <<A:S, B:S, R/bits>> = Bin, {A, B, R};
sized(S, B) -> {no, S, B}.
words(<<>>, <<>>, Acc) -> lists:reverse(Acc);
words(<<>>, W, Acc) -> words(<<>>, <<>>, [W | Acc]);
words(<<" ", T/binary>>, <<>>, Acc) -> words(T, <<>>, Acc);
words(<<" ", T/binary>>, W, Acc) -> words(T, <<>>, [W | Acc]);
words(<<C, T/binary>>, W, Acc) -> words(T, <<W/binary, C>>, Acc).
count(<<1, T/binary>>, N) -> count(T, N + 1);
count(<<_, T/binary>>, N) -> count(T, N);
count(<<>>, N) -> N.
bits(<<B:1, R/bits>>) -> [B | bits(R)];
bits(<<>>) -> [].
sum16(<<X:16, T/binary>>, S) -> sum16(T, S + X);
sum16(<<>>, S) -> S;
sum16(Rest, S) -> {Rest, S}.
back(<<"a", T/binary>> = All) -> case T of <<"aac">> -> {c, All}; <<"aab">> -> {b, All, T}; _ -> back(T) end.
ctx(B) -> ctx(B, []).
ctx(<<X, T/binary>> = B, Acc) -> ctx(T, [{X, byte_size(B), T} | Acc]);
ctx(<<>>, Acc) -> Acc.
neg(<<A/signed, B:16/little-signed, C:5/signed, _/bits>>) -> {A, B, C}.
