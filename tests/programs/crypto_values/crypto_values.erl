%% Digests, MACs, ciphers with and without authentication: the same bytes as OTP's library gives.
-module(crypto_values).
-export([main/0]).

main() ->
    Text = list_to_binary(lists:seq(0, 255)),
    Lists = [hashs, ciphers, public_keys, macs, curves, rsa_opts],
    [io:format("~p~n", [{L, lists:sort(crypto:supports(L))}]) || L <- Lists],
    [digest(H, Text) || H <- lists:sort(crypto:supports(hashs)), H =/= shake128, H =/= shake256],
    [extendable(H, Text) || H <- [shake128, shake256]],
    [mac(H, Text) || H <- lists:sort(crypto:supports(hashs)), H =/= shake128, H =/= shake256],
    [show(cmac, C, crypto:mac(cmac, C, key(C), Text)) || C <- [aes_128_cbc, aes_192_cbc, aes_256_cbc, des_ede3_cbc]],
    show(poly1305, key, crypto:mac(poly1305, binary:part(Text, 7, 32), Text)),
    pieces(Text),
    [cipher(C, Text) || C <- lists:sort(crypto:supports(ciphers)), not is_alias(C), not aead(C)],
    [aead(C, Text) || C <- lists:sort(crypto:supports(ciphers)), not is_alias(C), aead(C)],
    [padding(P) || P <- [none, zero, pkcs_padding]],
    states(),
    [show(pbkdf2, H, crypto:pbkdf2_hmac(H, <<"password">>, <<"salt">>, 250, 70)) || H <- [sha, sha224, sha256, sha384, sha512]],
    show(exor, x, crypto:exor(<<1, 2, 3>>, [<<255>>, 0, "a"])),
    io:format("~p~n", [{crypto:hash_equals(<<"ab">>, <<"ab">>), crypto:hash_equals(<<"ab">>, <<"ac">>)}]),
    %% Long enough to leave the schedulers.
    Long = binary:copy(Text, 4000),
    show(long, sha512, crypto:hash(sha512, Long)),
    show(long, hmac, crypto:mac(hmac, sha256, <<"key">>, Long)),
    Encrypted = crypto:crypto_one_time(aes_256_ctr, key(aes_256_ctr), iv(aes_256_ctr), Long, true),
    show(long, aes_256_ctr, crypto:hash(sha, Encrypted)),
    {Sealed, Tag} = crypto:crypto_one_time_aead(aes_256_gcm, key(aes_256_gcm), <<1:96>>, Long, <<"aad">>, true),
    show(long, aes_256_gcm, [crypto:hash(sha, Sealed), Tag]),
    Long = crypto:crypto_one_time_aead(aes_256_gcm, key(aes_256_gcm), <<1:96>>, Sealed, <<"aad">>, Tag, false),
    random().

show(What, Name, Bytes) -> io:format("~p ~p ~s~n", [What, Name, binary:encode_hex(iolist_to_binary(Bytes))]).

digest(H, Text) ->
    io:format("~p ~p~n", [H, lists:sort(maps:to_list(crypto:hash_info(H)))]),
    show(hash, H, crypto:hash(H, Text)),
    show(hash, H, crypto:hash(H, [])),
    State = crypto:hash_update(crypto:hash_init(H), "abc"),
    show(hash, H, crypto:hash_final(crypto:hash_update(State, [<<"de">>, $f]))),
    %% The first state is as it was.
    show(hash, H, crypto:hash_final(State)).

extendable(H, Text) ->
    State = crypto:hash_update(crypto:hash_init(H), Text),
    show(hash, H, crypto:hash_final(State)),
    [show(xof, H, crypto:hash_xof(H, Text, N)) || N <- [8, 256, 1000]],
    show(xof, H, crypto:hash_final_xof(State, 2048)).

mac(H, Text) ->
    show(hmac, H, crypto:mac(hmac, H, <<"key">>, Text)),
    show(hmac, H, crypto:macN(hmac, H, "", Text, 7)).

pieces(Text) ->
    Ref = crypto:mac_init(hmac, sha256, "key"),
    Ref = crypto:mac_update(Ref, Text),
    _ = crypto:mac_update(Ref, "more"),
    show(mac, pieces, crypto:mac_final(Ref)),
    show(mac, whole, crypto:mac(hmac, sha256, "key", [Text, "more"])),
    C = crypto:mac_init(cmac, aes_128_cbc, key(aes_128_cbc)),
    _ = crypto:mac_update(C, Text),
    show(mac, cmac, crypto:mac_finalN(C, 9)),
    P = crypto:mac_init(poly1305, binary:part(Text, 0, 32)),
    _ = crypto:mac_update(P, Text),
    show(mac, poly1305, crypto:mac_final(P)).

is_alias(C) -> lists:member(C, [aes_cbc, aes_ccm, aes_cfb128, aes_cfb8, aes_ctr, aes_ecb, aes_gcm]).
aead(C) -> maps:get(prop_aead, crypto:cipher_info(C)).
key(C) -> bytes(maps:get(key_length, crypto:cipher_info(C)), 3).
iv(C) -> bytes(maps:get(iv_length, crypto:cipher_info(C)), 100).
bytes(N, From) -> list_to_binary([X rem 256 || X <- lists:seq(From, From + N - 1)]).

cipher(C, Text) ->
    io:format("~p ~p~n", [C, lists:sort(maps:to_list(crypto:cipher_info(C)))]),
    Encrypted = crypto:crypto_one_time(C, key(C), iv(C), Text, true),
    show(cipher, C, Encrypted),
    Text = crypto:crypto_one_time(C, key(C), iv(C), Encrypted, false),
    State = crypto:crypto_init(C, key(C), iv(C), true),
    Parts = [crypto:crypto_update(State, P) || P <- [<<>>, <<"a">>, binary:copy(<<"b">>, 40), ["c", <<"de">>]]],
    io:format("~p~n", [[binary:encode_hex(P) || P <- Parts]]),
    show(last, C, crypto:crypto_final(State)).

aead(C, Text) ->
    io:format("~p ~p~n", [C, lists:sort(maps:to_list(crypto:cipher_info(C)))]),
    {Sealed, Tag} = crypto:crypto_one_time_aead(C, key(C), iv(C), Text, <<"header">>, true),
    show(aead, C, [Sealed, Tag]),
    Text = crypto:crypto_one_time_aead(C, key(C), iv(C), Sealed, <<"header">>, Tag, false),
    error = crypto:crypto_one_time_aead(C, key(C), iv(C), Sealed, <<"Header">>, Tag, false),
    {<<>>, Only} = crypto:crypto_one_time_aead(C, key(C), iv(C), [], [], 8, true),
    show(tag, C, Only).

padding(P) ->
    Options = [{encrypt, true}, {padding, P}],
    [begin
         State = crypto:crypto_init(aes_128_cbc, <<1:128>>, <<2:128>>, Options),
         A = crypto:crypto_update(State, binary:copy(<<"x">>, N)),
         B = crypto:crypto_final(State),
         show(P, N, [A, B]),
         io:format("~p~n", [lists:sort(maps:to_list(crypto:crypto_get_data(State)))])
     end || N <- [0, 1, 16, 31], P =/= none orelse N rem 16 =:= 0],
    Whole = crypto:crypto_one_time(des_cbc, <<1:64>>, <<2:64>>, <<"12345678">>, Options),
    io:format("~p~n", [crypto:crypto_one_time(des_cbc, <<1:64>>, <<2:64>>, Whole, [{encrypt, false}, {padding, P}])]).

states() ->
    %% Several processes may use one state, one after the other.
    State = crypto:crypto_init(chacha20, <<1:256>>, <<2:128>>, true),
    Self = self(),
    A = crypto:crypto_update(State, <<"one">>),
    spawn(fun() -> Self ! crypto:crypto_update(State, <<"two">>) end),
    B = receive X -> X end,
    AB = crypto:crypto_one_time(chacha20, <<1:256>>, <<2:128>>, <<"onetwo">>, true),
    io:format("~p~n", [<<A/binary, B/binary>> =:= AB]).

random() ->
    32 = byte_size(crypto:strong_rand_bytes(32)),
    <<>> = crypto:strong_rand_bytes(0),
    true = crypto:strong_rand_bytes(20) =/= crypto:strong_rand_bytes(20),
    true = lists:all(fun(N) -> N >= 10 andalso N < 20 end, [crypto:rand_uniform(10, 20) || _ <- lists:seq(1, 300)]),
    S = crypto:rand_seed_alg_s(crypto_cache),
    {F, _} = rand:uniform_s(S),
    io:format("~p~n", [is_float(F)]).
