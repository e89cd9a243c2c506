%% Growing binaries by appending: values, sharing and aliasing.
-module(bin_append).
-include("t.hrl").
main() ->
    ?P(byte_size(grow(200000, <<>>))),
    ?P(erlang:md5(grow(1000, <<"seed">>))),
    A = grow(10, <<>>), B1 = <<A/binary, "one">>, B2 = <<A/binary, "two">>, ?P({A, B1, B2}), C1 = <<B1/binary, 1>>, C2 = <<B1/binary, 2>>,
    ?P({C1, C2}),
    ?P(tree(12, <<>>)),
    ?P(bitgrow(1000, <<>>)), Self = self(),
    ?P(begin P = spawn(fun() -> receive {Bin, F} -> F ! <<Bin/binary, "child">> end end), X = grow(100, <<>>), P ! {X, Self}, Y = <<X/binary, "parent">>, receive R -> {binary:part(R, 100, 5), binary:part(Y, 100, 6)} end end),
    ?P(lists:foldl(fun(I, Acc) -> <<Acc/binary, (integer_to_binary(I))/binary, $,>> end, <<>>, lists:seq(1, 100))),
    ?P(erlang:md5(lists:foldl(fun(I, Acc) -> <<Acc/bits, I:7>> end, <<>>, lists:seq(1, 2001)) =:= lists:foldl(fun(I, Acc) -> <<Acc/bits, I:7>> end, <<>>, lists:seq(1, 2001)) andalso "same")),
    ?P(prepend(10, <<>>)),
    ?P(begin {M1, M2} = {binary:copy(A), A}, M1 =:= M2 end),
    ?P(begin Y3 = <<A/binary, A/binary>>, <<Z:5/binary, _/binary>> = Y3, {Z, byte_size(<<Z/binary, Y3/binary>>)} end).
grow(0, B) -> B;
grow(N, B) -> grow(N - 1, <<B/binary, (N band 255)>>).
tree(0, B) -> erlang:crc32(B);
tree(N, B) -> tree(N - 1, <<B/binary, N>>) bxor (tree(N - 1, <<B/binary, (N + 100)>>) * 3 band 16#ffffffff).
bitgrow(0, B) -> {bit_size(B), erlang:phash2(B)};
bitgrow(N, B) -> bitgrow(N - 1, <<B/bits, N:(N rem 5)>>).
prepend(0, B) -> B;
prepend(N, B) -> prepend(N - 1, <<N, B/binary>>).
