-module(bin_construct).
-include("t.hrl").
main() ->
    Ns = [0, 1, -1, 127, 128, 255, 256, -129, 65535, 1 bsl 31, 1 bsl 59, 1 bsl 63, (1 bsl 64) - 1, 16#123456789ABCDEF0123, -(1 bsl 70)],
    [io:format("~p: ~w~n", [N, [<<N:S/big>> || S <- [1, 3, 8, 9, 13, 16, 24, 32, 40, 64, 72, 100]]]) || N <- Ns],
    [io:format("~p: ~w~n", [N, [<<N:S/little>> || S <- [1, 3, 8, 9, 13, 16, 24, 32, 40, 64, 72, 100]]]) || N <- Ns],
    [io:format("~p: ~w~n", [N, [<<1:O, N:S/little, 2#101:3>> || O <- [1, 4, 7], S <- [5, 8, 16, 33, 64]]]) || N <- Ns],
    [io:format("~p: ~w~n", [N, [<<1:O, N:S/big, 2#101:3>> || O <- [1, 4, 7], S <- [5, 8, 16, 33, 64]]]) || N <- Ns],
    A = ?id(5), S = ?id(12), B = ?id(<<"bin">>), Bits = ?id(<<5:3>>),
    ?P(<<A, S, A:16, A:S, A:S/unit:2, A:2/unit:8-little>>),
    ?P(<<B/binary, "lit", B:2/binary, Bits/bitstring, B/binary, Bits/bits>>),
    ?P(<<B:A/binary-unit:4, 1:4>>),
    ?P(<<"string", "ü", "λ"/utf8, $x:16, "ab":16, "ab"/little-utf16>>),
    ?P(<<A:0, B:0/binary>>),
    ?P(<<>>),
    ?P(<<A:16/native>> =:= case erlang:system_info(endian) of little -> <<A:16/little>>; big -> <<A:16>> end),
    ?P(<<1:1, 0:1, 1:1, 1:1, 0:4>>),
    ?P(<<<<1:3>>/bits, <<2:5>>/bits>>),
    ?P(byte_size(<<A:80000>>)),
    ?P(bit_size(<<A:12345>>)),
    ?P(list_to_binary([<<X:4, Y:4>> || X <- lists:seq(0, 15), Y <- [1, 15]])),
    ?P(<< <<X:3>> || X <- lists:seq(0, 7) >>),
    ?P(build(0, <<>>)),
    ?P(build_bits(100, <<>>)).
build(10, Acc) -> Acc;
build(N, Acc) -> build(N + 1, <<Acc/binary, N:16, (N * N):8/little>>).
build_bits(0, Acc) -> {bit_size(Acc), erlang:phash2(Acc)};
build_bits(N, Acc) -> build_bits(N - 1, <<Acc/bits, N:(N rem 13)>>).
