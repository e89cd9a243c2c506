-module(compute_binary_match).
-export([run/0]).
run() ->
    B = << <<(I * 31 rem 251):8, I:16, (I rem 7):4, 5:4, (I * I):32/little>> || I <- lists:seq(1, 10000) >>,
    T = binary:copy(<<"GET /path/to/file?x=1&y=2 HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n">>, 500),
    {recs(B, 0), http(T, 0), words(T, 0, 0), utf(binary:copy(<<"aé日😀"/utf8>>, 5000), 0), bits(binary:part(B, 0, 20000), 0)}.
recs(<<A, I:16, C:4, 5:4, Q:32/little, R/binary>>, S) -> recs(R, S + A + I + C + Q);
recs(<<>>, S) -> S.
http(<<"GET ", R/binary>>, N) -> path(R, 0, N);
http(<<>>, N) -> N.
path(<<" HTTP/1.", _, "\r\n", R/binary>>, L, N) -> hdr(R, N + L);
path(<<_, R/binary>>, L, N) -> path(R, L + 1, N).
hdr(<<"\r\n\r\n", R/binary>>, N) -> http(R, N);
hdr(<<"\r", _, R/binary>>, N) -> hdr(R, N + 1);
hdr(<<_, R/binary>>, N) -> hdr(R, N).
words(<<C, R/binary>>, W, N) when C =:= $\s; C =:= $\r; C =:= $\n -> words(R, 0, N + W);
words(<<_, R/binary>>, _, N) -> words(R, 1, N);
words(<<>>, W, N) -> N + W.
utf(<<C/utf8, R/binary>>, S) -> utf(R, S + C);
utf(<<>>, S) -> S.
bits(<<A:3, B:5, R/bits>>, S) -> bits(R, S + A * B);
bits(<<>>, S) -> S.
