-module(bin_utf).
-include("t.hrl").
main() ->
    Cs = [0, $a, 127, 128, 16#7FF, 16#800, 16#D7FF, 16#E000, 16#FFFF, 16#10000, 16#10FFFF],
    [io:format("~p: ~w~n", [C, {<<C/utf8>>, <<C/utf16>>, <<C/utf16-little>>, <<C/utf32>>, <<C/utf32-little>>, <<1:3, C/utf8, C/utf16, 1:5>>}]) || C <- Cs],
    [begin
         <<C/utf8>> = <<C/utf8>>, <<C/utf16>> = <<C/utf16>>, <<C/utf16-little>> = <<C/utf16-little>>, <<C/utf32>> = <<C/utf32>>, <<C/utf32-little>> = <<C/utf32-little>>,
         <<1:3, C/utf8, 2:5>> = <<1:3, C/utf8, 2:5>>, <<1:1, C/utf16-little, 0:7>> = <<1:1, C/utf16-little, 0:7>>
     end || C <- Cs],
    ?P([t(fun() -> <<C/utf8>> end) || C <- [16#D800, 16#DFFF, 16#110000, -1, a, 1.0]]),
    ?P([t(fun() -> <<C/utf16>> end) || C <- [16#D800, 16#DFFF, 16#110000, -1, a]]),
    ?P([t(fun() -> <<C/utf32>> end) || C <- [16#D800, 16#DFFF, 16#110000, -1, a]]),
    ?P([u8(B) || B <- [<<128>>, <<192, 128>>, <<224, 128, 128>>, <<237, 160, 128>>, <<240, 128, 128, 128>>, <<244, 144, 128, 128>>, <<245, 0, 0, 0>>, <<195>>, <<226, 130>>, <<226, 40, 161>>, <<255>>, <<"ok">>, <<"é"/utf8>>]]),
    ?P([u16(B) || B <- [<<16#D800:16>>, <<16#D800:16, 16#DC00:16>>, <<16#DC00:16>>, <<16#D800:16, $a:16>>, <<0>>, <<$x:16, 1>>]]),
    ?P([u32(B) || B <- [<<16#D800:32>>, <<16#10FFFF:32>>, <<16#110000:32>>, <<1, 2, 3>>]]),
    ?P([X || <<X/utf8>> <= <<"aλ€😀"/utf8>>]),
    ?P(<< <<X/utf16>> || <<X/utf8>> <= <<"aλ😀"/utf8>> >>),
    ?P(<<"häß"/utf8, "日本"/utf16, "😀"/utf32-little>>),
    ?P(case ?id(<<"日本"/utf8>>) of <<"日"/utf8, R/binary>> -> R end),
    ?P(skip(<<"λμν"/utf8>>, 0)),
    ?P(unicode:characters_to_binary([955, "abc", <<"λ"/utf8>>, [[8364]]])),
    ?P(unicode:characters_to_list(<<"λμ"/utf8>>)),
    ?P(unicode:characters_to_list(<<255, "x">>)),
    ?P(unicode:characters_to_list(<<"ab", 206>>)),
    ?P(unicode:characters_to_binary(<<"ab", 206>>)),
    ?P(unicode:characters_to_binary([<<"ab", 255>>, "rest"])),
    ?P(unicode:characters_to_binary("ü", unicode, latin1)),
    ?P(unicode:characters_to_binary("λ", unicode, latin1)),
    ?P(unicode:characters_to_binary(<<"ü">>, latin1, utf8)),
    ?P(unicode:characters_to_binary("aλ😀", utf8, utf16)),
    ?P(unicode:characters_to_binary("aλ😀", utf8, {utf16, little})),
    ?P(unicode:characters_to_binary("aλ😀", utf8, {utf32, big})),
    ?P(unicode:characters_to_list(<<0, 97, 3, 187>>, utf16)),
    ?P(unicode:characters_to_list(<<16#D8, 0>>, utf16)),
    ?P(unicode:characters_to_list(?id([a]))),
    ?P(unicode:characters_to_list(?id([16#D800]))),
    ?P(unicode:characters_to_binary(?id([16#110000]))),
    ?P(unicode:bom_to_encoding(<<239, 187, 191>>)),
    ?P(unicode:encoding_to_bom(utf8)),
    ?P(unicode:characters_to_nfc_list("e" ++ [769])),
    ?P(unicode:characters_to_nfd_binary("é")),
    ?P(unicode:characters_to_nfkc_list("ﬁ①")),
    ?P(unicode:characters_to_nfkd_binary("Å")),
    ?P(length(unicode:characters_to_list(unicode:characters_to_binary(lists:duplicate(100000, 955))))),
    ?P(io_lib:printable_list([955])),
    ?P(unicode:characters_to_binary(lists:duplicate(3, <<"λ"/utf8>>), utf8, latin1)).
u8(<<C/utf8, R/binary>>) -> {C, R}; u8(B) -> {no, B}.
u16(<<C/utf16, R/binary>>) -> {C, R}; u16(B) -> {no, B}.
u32(<<C/utf32, R/binary>>) -> {C, R}; u32(B) -> {no, B}.
skip(<<_/utf8, R/binary>>, N) -> skip(R, N + 1); skip(<<>>, N) -> N.
t(F) -> try F() catch error:R -> R end.
