%% Authenticated encryption with a state that is made once (OTP 28): results, and errors without OTP's line numbers.
-module(crypto_aead_state).
-export([main/0]).
t(L, F) -> io:format("~p: ~0p~n", [L, try F() catch C:E:St -> {C, error_of(E), argument(hd(St))} end]).
error_of({Id, {File, _}, Text}) -> {Id, File, Text};
error_of(E) -> E.
argument({_, F, _, Info}) -> {F, proplists:get_value(error_info, Info)}.

main() ->
  K = <<1:128>>, IV = <<2:96>>, T = <<"hello world">>, A = <<"aad">>,
  t(enc, fun() -> crypto:crypto_one_time_aead(aes_128_gcm, K, IV, T, A, true) end),
  t(enc4, fun() -> crypto:crypto_one_time_aead(aes_128_gcm, K, IV, T, A, 4, true) end),
  {CT, Tag} = try crypto:crypto_one_time_aead(aes_128_gcm, K, IV, T, A, true) catch _:_ -> {<<>>, <<>>} end,
  t(dec, fun() -> crypto:crypto_one_time_aead(aes_128_gcm, K, IV, CT, A, Tag, false) end),
  t(dec_bad, fun() -> crypto:crypto_one_time_aead(aes_128_gcm, K, IV, CT, A, <<0:128>>, false) end),
  t(init, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_gcm, K, 16, true), {is_reference(S), crypto:crypto_one_time_aead(S, IV, T, A)} end),
  t(init_dec, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_gcm, K, 16, false), X = <<CT/binary, Tag/binary>>, {crypto:crypto_one_time_aead(S, IV, X, A), crypto:crypto_one_time_aead(S, IV, <<X/binary, 0>>, A), crypto:crypto_one_time_aead(S, IV, X, A)} end),
  t(init_dec_short, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_gcm, K, 16, false), crypto:crypto_one_time_aead(S, IV, <<1,2>>, A) end),
  t(init_ccm, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_ccm, K, 8, true), {crypto:crypto_one_time_aead(S, <<3:96>>, T, A), crypto:crypto_one_time_aead(S, <<3:104>>, T, A), crypto:crypto_one_time_aead(S, <<3:96>>, <<>>, A)} end),
  t(init_ccm_dec, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_ccm, K, 8, true), D = crypto:crypto_one_time_aead_init(aes_128_ccm, K, 8, false), crypto:crypto_one_time_aead(D, <<3:96>>, crypto:crypto_one_time_aead(S, <<3:96>>, T, A), A) end),
  t(init_chacha, fun() -> S = crypto:crypto_one_time_aead_init(chacha20_poly1305, <<5:256>>, 16, true), crypto:crypto_one_time_aead(S, IV, T, A) end),
  t(bad_cipher, fun() -> crypto:crypto_one_time_aead_init(foo, K, 16, true) end),
  t(bad_cipher2, fun() -> crypto:crypto_one_time_aead_init(aes_128_ctr, K, 16, true) end),
  t(bad_key, fun() -> crypto:crypto_one_time_aead_init(aes_128_gcm, <<1>>, 16, true) end),
  t(bad_tag, fun() -> is_reference(crypto:crypto_one_time_aead_init(aes_128_gcm, K, 99, true)) end),
  t(long, fun() -> S = crypto:crypto_one_time_aead_init(aes_256_gcm, <<9:256>>, 16, true), D = crypto:crypto_one_time_aead_init(aes_256_gcm, <<9:256>>, 16, false), B = binary:copy(T, 100000), C = crypto:crypto_one_time_aead(S, IV, B, A), {byte_size(C), erlang:md5(C), crypto:crypto_one_time_aead(D, IV, C, A) =:= B} end),
  t(shared, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_gcm, K, 16, true), Me = self(), spawn(fun() -> Me ! crypto:crypto_one_time_aead(S, IV, T, A) end), receive X -> X =:= <<CT/binary, Tag/binary>> end end),
  t(bad_flag, fun() -> crypto:crypto_one_time_aead_init(aes_128_gcm, K, 16, foo) end),
  t(bad_iv, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_gcm, K, 16, true), crypto:crypto_one_time_aead(S, <<>>, T, A) end),
  t(bad_state, fun() -> crypto:crypto_one_time_aead(make_ref(), IV, T, A) end),
  t(bad_text, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_gcm, K, 16, true), crypto:crypto_one_time_aead(S, IV, foo, A) end),
  t(bad_aad, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_gcm, K, 16, true), crypto:crypto_one_time_aead(S, IV, T, foo) end),
  t(iolists, fun() -> S = crypto:crypto_one_time_aead_init(aes_128_gcm, [K], 16, true), crypto:crypto_one_time_aead(S, [IV], [T], [A]) end),
  t(rnd, fun() -> byte_size(crypto:strong_rand_bytes(5)) end),
  {Pub, Priv} = crypto:generate_key(ecdh, secp256r1),
  t(sign, fun() -> Sg = crypto:sign(ecdsa, sha256, T, [Priv, secp256r1]), crypto:verify(ecdsa, sha256, T, Sg, [Pub, secp256r1]) end).
