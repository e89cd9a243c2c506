%% Bit syntax: segments to build from and patterns to match.
-module(gen_bits).
-export([segment/0, build/1, pattern/0, take/3]).
-import(gen_term, [between/2, one/1, often/1, int/0, number/0, binary/0, bits/0, char/0]).
-compile(nowarn_unused_import).

segment() ->
    Endian = one([big, little]),
    often([
        {5, fun() -> {integer, int(), between(0, 90), Endian} end},
        {2, fun() -> {float, number(), one([16, 32, 64, 64, 12]), Endian} end},
        {2, fun() -> {binary, binary(), between(0, 12)} end},
        {2, fun() -> {bits, bits()} end},
        {2, fun() -> {one([utf8, utf16, utf32]), one([char(), between(0, 16#110010)]), Endian} end}
    ]).
build({integer, V, N, big}) -> <<V:N>>;
build({integer, V, N, little}) -> <<V:N/little>>;
build({float, V, N, big}) -> <<V:N/float>>;
build({float, V, N, little}) -> <<V:N/float-little>>;
build({binary, V, N}) -> <<V:N/binary>>;
build({bits, V}) -> <<V/bits>>;
build({utf8, V, _}) -> <<V/utf8>>;
build({utf16, V, big}) -> <<V/utf16>>;
build({utf16, V, little}) -> <<V/utf16-little>>;
build({utf32, V, big}) -> <<V/utf32>>;
build({utf32, V, little}) -> <<V/utf32-little>>.

pattern() ->
    often([
        {4, fun() -> {integer, between(0, 80), one([big, little]), one([signed, unsigned])} end},
        {2, fun() -> {fixed, one([8, 16, 32, 7, 64])} end},
        {1, fun() -> {float, one([16, 32, 64]), one([big, little])} end},
        {1, fun() -> {binary, between(0, 4)} end},
        {1, fun() -> {bits, between(0, 20)} end},
        {1, fun() -> {one([utf8, utf16, utf32])} end},
        {1, fun() -> {skip, between(0, 10)} end}
    ]).
take([], Rest, Out) -> {lists:reverse(Out), Rest};
take([P | Ps], Bits, Out) ->
    case take(P, Bits) of
        {V, Rest} -> take(Ps, Rest, [V | Out]);
        no -> {no, P, Bits, Out}
    end.
take({integer, N, big, unsigned}, B) -> case B of <<V:N, R/bits>> -> {V, R}; _ -> no end;
take({integer, N, big, signed}, B) -> case B of <<V:N/signed, R/bits>> -> {V, R}; _ -> no end;
take({integer, N, little, unsigned}, B) -> case B of <<V:N/little, R/bits>> -> {V, R}; _ -> no end;
take({integer, N, little, signed}, B) -> case B of <<V:N/little-signed, R/bits>> -> {V, R}; _ -> no end;
take({fixed, 7}, B) -> case B of <<V:7, R/bits>> -> {V, R}; _ -> no end;
take({fixed, 8}, B) -> case B of <<V, R/bits>> -> {V, R}; _ -> no end;
take({fixed, 16}, B) -> case B of <<V:16/signed, R/bits>> -> {V, R}; _ -> no end;
take({fixed, 32}, B) -> case B of <<V:16, W:16/little, R/bits>> -> {{V, W}, R}; _ -> no end;
take({fixed, 64}, B) -> case B of <<V:64, R/bits>> -> {V, R}; _ -> no end;
take({float, N, big}, B) -> case B of <<V:N/float, R/bits>> -> {V, R}; _ -> no end;
take({float, N, little}, B) -> case B of <<V:N/float-little, R/bits>> -> {V, R}; _ -> no end;
take({binary, N}, B) -> case B of <<V:N/binary, R/bits>> -> {V, R}; _ -> no end;
take({bits, N}, B) -> case B of <<V:N/bits, R/bits>> -> {V, R}; _ -> no end;
take({skip, N}, B) -> case B of <<_:N, R/bits>> -> {skipped, R}; _ -> no end;
take({utf8}, B) -> case B of <<V/utf8, R/bits>> -> {V, R}; _ -> no end;
take({utf16}, B) -> case B of <<V/utf16, R/bits>> -> {V, R}; _ -> no end;
take({utf32}, B) -> case B of <<V/utf32-little, R/bits>> -> {V, R}; _ -> no end;
take(_, _) -> no.
