-module(compute_json).
-export([run/0]).
run() ->
    Doc = [#{<<"id">> => I, <<"name">> => <<"user ", (integer_to_binary(I))/binary>>, <<"tags">> => [<<"a">>, <<"bé"/utf8>>, true, null], <<"score">> => I / 8, <<"nested">> => #{<<"x">> => [I, -I]}} || I <- lists:seq(1, 1000)],
    B = iolist_to_binary(json:encode(Doc)),
    D = json:decode(B),
    {byte_size(B), length(D), D =:= Doc, erlang:crc32(iolist_to_binary(enc(Doc)))}.
enc(M) when is_map(M) -> [${, lists:join($,, [[enc(K), $:, enc(V)] || {K, V} <- lists:sort(maps:to_list(M))]), $}];
enc(L) when is_list(L) -> [$[, lists:join($,, [enc(X) || X <- L]), $]];
enc(I) when is_integer(I) -> integer_to_binary(I);
enc(F) when is_float(F) -> float_to_binary(F, [short]);
enc(B) when is_binary(B) -> [$", << (esc(C)) || <<C>> <= B >>, $"];
enc(A) -> atom_to_binary(A).
esc($") -> <<"\\\"">>;
esc($\n) -> <<"\\n">>;
esc(C) -> <<C>>.
