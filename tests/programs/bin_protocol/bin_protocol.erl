%% Small parsers as programs have them: IPv4 header, TLV, varint, run-length, hex dump, a PNG-like file.
-module(bin_protocol).
-include("t.hrl").
main() ->
    Pkt = ipv4(#{ttl => 64, proto => 17, src => {10, 0, 0, 1}, dst => {192, 168, 1, 255}, data => <<"payload">>}),
    ?P(Pkt),
    ?P(lists:sort(maps:to_list(parse_ip(Pkt)))),
    ?P(parse_ip(<<16#55, 0:200>>)),
    Terms = [{int, 5}, {str, <<"hello">>}, {list, [{int, -1}, {list, []}, {str, <<>>}]}, {int, 1 bsl 40}], Enc = << (tlv(T)) || T <- Terms >>, ?P(Enc),
    ?P(untlv(Enc)),
    ?P(untlv(<<1, 200, 3>>)),
    ?P([varint(N) || N <- [0, 1, 127, 128, 300, 1 bsl 32, 1 bsl 70]]),
    ?P([element(1, unvarint(varint(N), 0, 0)) || N <- [0, 1, 127, 128, 300, 1 bsl 32, 1 bsl 70]]),
    ?P(rle(<<"aaabccddddde">>)),
    ?P(unrle(rle(<<"aaabccddddde">>))),
    ?P(unrle(rle(binary:copy(<<"x">>, 1000))) =:= binary:copy(<<"x">>, 1000)),
    io:format("~s", [hexdump(<<"The quick brown fox jumps", 0, 255, 10>>, 0)]),
    Png = iolist_to_binary([<<137, "PNG", 13, 10, 26, 10>>, chunk(<<"IHDR">>, <<640:32, 480:32, 8, 2, 0, 0, 0>>), chunk(<<"IDAT">>, <<"xxxx">>), chunk(<<"IEND">>, <<>>)]),
    ?P(png(Png)),
    ?P(png(binary:replace(Png, <<"xxxx">>, <<"yyyy">>))),
    ?P(lzw(<<"TOBEORNOTTOBEORTOBEORNOT">>)),
    ?P(sha_like(binary:copy(<<"abc">>, 100))),
    ?P(utf7(<<"plain ~ text">>)).
ipv4(#{ttl := T, proto := P, src := {A, B, C, D}, dst := {E, F, G, H}, data := Data}) -> L = 20 + byte_size(Data), H0 = <<4:4, 5:4, 0, L:16, 0:16, 2:3, 0:13, T, P, 0:16, A, B, C, D, E, F, G, H>>, Ck = cksum(H0, 0), <<X:10/binary, _:16, Y/binary>> = H0, <<X/binary, Ck:16, Y/binary, Data/binary>>.
cksum(<<W:16, R/binary>>, S) -> cksum(R, S + W);
cksum(<<>>, S) when S > 16#ffff -> cksum(<<>>, (S bsr 16) + (S band 16#ffff));
cksum(<<>>, S) -> bnot S band 16#ffff.
parse_ip(<<4:4, Ihl:4, _Tos, Len:16, _Id:16, Fl:3, _Off:13, Ttl, Proto, _:16, Src:4/binary, Dst:4/binary, R/binary>> = All) when byte_size(All) =:= Len -> OL = (Ihl - 5) * 4, <<_:OL/binary, Data/binary>> = R, #{flags => Fl, ttl => Ttl, proto => Proto, src => Src, dst => Dst, data => Data, ok => cksum(binary:part(All, 0, Ihl * 4), 0)};
parse_ip(<<V:4, _/bits>>) -> {bad_version, V}.
tlv({int, I}) -> B = <<I:64>>, <<1, 8, B/binary>>;
tlv({str, S}) -> <<2, (byte_size(S)), S/binary>>;
tlv({list, L}) -> B = << (tlv(X)) || X <- L >>, <<3, (byte_size(B)), B/binary>>.
untlv(<<>>) -> [];
untlv(<<1, 8, I:64/signed, R/binary>>) -> [{int, I} | untlv(R)];
untlv(<<2, L, S:L/binary, R/binary>>) -> [{str, S} | untlv(R)];
untlv(<<3, L, S:L/binary, R/binary>>) -> [{list, untlv(S)} | untlv(R)];
untlv(B) -> [{garbage, B}].
varint(N) when N < 128 -> <<N>>;
varint(N) -> <<1:1, N:7, (varint(N bsr 7))/binary>>.
unvarint(<<1:1, N:7, R/binary>>, S, A) -> unvarint(R, S + 7, A bor (N bsl S));
unvarint(<<0:1, N:7, R/binary>>, S, A) -> {A bor (N bsl S), R}.
rle(<<>>) -> <<>>;
rle(<<C, R/binary>>) -> rle(R, C, 1).
rle(<<C, R/binary>>, C, N) when N < 255 -> rle(R, C, N + 1);
rle(R, C, N) -> <<N, C, (rle(R))/binary>>.
unrle(B) -> << (binary:copy(<<C>>, N)) || <<N, C>> <= B >>.
hexdump(<<L:16/binary, R/binary>>, O) -> [line(L, O) | hexdump(R, O + 16)];
hexdump(<<>>, _) -> [];
hexdump(L, O) -> [line(L, O)].
line(L, O) -> io_lib:format("~8.16.0b  ~-48s|~s|~n", [O, [io_lib:format("~2.16.0b ", [X]) || <<X>> <= L], << <<(if X >= 32, X < 127 -> X; true -> $. end)>> || <<X>> <= L >>]).
chunk(T, D) -> <<(byte_size(D)):32, T/binary, D/binary, (erlang:crc32([T, D])):32>>.
png(<<137, "PNG\r\n", 26, "\n", R/binary>>) -> chunks(R).
chunks(<<L:32, T:4/binary, D:L/binary, C:32, R/binary>>) -> case erlang:crc32([T, D]) of C -> [{T, L} | chunks(R)]; _ -> [{T, bad_crc} | chunks(R)] end;
chunks(<<>>) -> [].
lzw(B) -> lzw(B, <<>>, maps:from_list([{<<I>>, I} || I <- lists:seq(0, 255)]), 256, []).
lzw(<<>>, P, D, _, Acc) -> lists:reverse([maps:get(P, D) | Acc]);
lzw(<<C, R/binary>>, P, D, N, Acc) -> PC = <<P/binary, C>>, case D of #{PC := _} -> lzw(R, PC, D, N, Acc); _ -> lzw(R, <<C>>, D#{PC => N}, N + 1, [maps:get(P, D) | Acc]) end.
sha_like(B) -> lists:foldl(fun(X, {H1, H2}) -> {((H1 bsl 5) bxor (H1 bsr 27) + X) band 16#ffffffff, ((H2 bxor X) * 16777619) band 16#ffffffff} end, {5381, 2166136261}, [X || <<X:16>> <= B]).
utf7(B) -> << <<(case X of $~ -> <<"+AH4-">>; _ -> <<X>> end)/binary>> || <<X>> <= B >>.
