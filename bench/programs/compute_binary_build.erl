-module(compute_binary_build).
-export([run/0]).
run() -> {erlang:crc32(app(60000, <<>>)), byte_size(iolist_to_binary(io(3000))), erlang:crc32(<< <<(X bxor 85)>> || <<X>> <= app(30000, <<>>) >>), bit_size(bits(20000, <<>>)), byte_size(hex(app(10000, <<>>))), byte_size(base64:encode(app(30000, <<>>)))}.
app(0, B) -> B;
app(N, B) -> app(N - 1, <<B/binary, N:16>>).
io(0) -> [];
io(N) -> [<<"item ">>, integer_to_binary(N), $,, io(N - 1)].
bits(0, B) -> B;
bits(N, B) -> bits(N - 1, <<B/bits, N:11>>).
hex(B) -> << <<(d(H)), (d(L))>> || <<H:4, L:4>> <= B >>.
d(X) when X < 10 -> $0 + X;
d(X) -> $a + X - 10.
