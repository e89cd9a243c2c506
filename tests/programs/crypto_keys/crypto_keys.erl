%% Keys and what is done with them: agreement, signatures, RSA encryption.
-module(crypto_keys).
-export([main/0]).
-include_lib("public_key/include/public_key.hrl").

main() ->
    curves(), exchange(), dh(), srp(), rsa(), dss(), eddsa(),
    io:format("~p~n", [[crypto:mod_pow(B, E, M) || {B, E, M} <- [{2, 10, 1000}, {3, 1 bsl 70, 1 bsl 64}, {7, 0, 5}]]]).

hex(Bytes) -> binary:encode_hex(iolist_to_binary(Bytes)).
show(Label, Bytes) -> io:format("~p ~s~n", [Label, hex(Bytes)]).

curves() ->
    Named = [C || C <- lists:sort(crypto:supports(curves)), not lists:member(C, [ed25519, ed448, x25519, x448])],
    [begin
         %% The public key of a given private one is a fixed value, and so is the secret of two such.
         {PubA, PrivA} = crypto:generate_key(ecdh, C, <<17, 4>>),
         {PubB, PrivB} = crypto:generate_key(ecdh, C, <<3, 2, 1>>),
         show(C, [PubA, PrivA]),
         Secret = crypto:compute_key(ecdh, PubB, PrivA, C),
         Secret = crypto:compute_key(ecdh, PubA, PrivB, C),
         show(secret, Secret),
         {Pub, Priv} = crypto:generate_key(ecdh, C),
         C =:= ipsec3 orelse C =:= ipsec4 orelse % not for signatures
             begin
                 Signature = crypto:sign(ecdsa, sha256, "text", [Priv, C]),
                 true = crypto:verify(ecdsa, sha256, "text", Signature, [Pub, C]),
                 false = crypto:verify(ecdsa, sha256, "Text", Signature, [Pub, C])
             end
     end || C <- Named],
    %% A curve without a name.
    {_, _} = Own = crypto_ec_curves:curve(secp224r1) =/= [] andalso crypto:generate_key(ecdh, crypto_ec_curves:curve(secp224r1)),
    {Pub1, Priv1} = Own,
    show(own, crypto:hash(sha, crypto:compute_key(ecdh, element(1, crypto:generate_key(ecdh, secp224r1, <<5>>)), <<9>>,
                                                  crypto_ec_curves:curve(secp224r1)))),
    Sig = crypto:sign(ecdsa, sha, "x", [Priv1, crypto_ec_curves:curve(secp224r1)]),
    true = crypto:verify(ecdsa, sha, "x", Sig, [Pub1, secp224r1]),
    {_, _} = crypto:generate_key(ecdh, crypto_ec_curves:curve(sect163k1)),
    ok.

exchange() ->
    [begin
         {Pub, Priv} = crypto:generate_key(eddh, C, list_to_binary(lists:seq(1, N))),
         {Pub2, Priv2} = crypto:generate_key(ecdh, C),
         show(C, [Pub, Priv]),
         true = crypto:compute_key(ecdh, Pub2, Priv, C) =:= crypto:compute_key(eddh, Pub, Priv2, C),
         show(secret, crypto:compute_key(eddh, Pub, list_to_binary(lists:seq(2, N + 1)), C))
     end || {C, N} <- [{x25519, 32}, {x448, 56}]].

dh() ->
    {P, G} = {16#FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF, 2},
    {PubA, PrivA} = crypto:generate_key(dh, [P, G]),
    {PubB, PrivB} = crypto:generate_key(dh, [P, G, 200]),
    25 = byte_size(PrivB),
    true = crypto:compute_key(dh, PubA, PrivB, [P, G]) =:= crypto:compute_key(dh, PubB, PrivA, [P, G]),
    show(dh, crypto:compute_key(dh, <<7>>, <<1, 2, 3, 4>>, [P, G])).

srp() ->
    Prime = 16#EEAF0AB9ADB38DD69C33F80AFA8FC5E86072618775FF3C0B9EA2314C9C256576D674DF7496EA81D3383B4813D692C6E0E0D5D8E250B98BE48E495C1D6089DAD15DC7D7B46154D6B6CE8EF4AD69B15D4982559B297BCF1885C529F566660E57EC68EDBC3C05726CC02FD4CBF4976EAA9AFD5138FE8376435B9FC61D2FC0EB06E3,
    [begin
         Salt = <<"salt">>,
         User = crypto:hash(sha, [Salt, crypto:hash(sha, <<"alice:password123">>)]),
         Verifier = crypto:mod_pow(2, User, Prime),
         {HostPub, HostPriv} = crypto:generate_key(srp, {host, [Verifier, <<2>>, <<Prime:1024>>, Version]}, <<99, 98, 97>>),
         {UserPub, UserPriv} = crypto:generate_key(srp, {user, [<<2>>, <<Prime:1024>>, Version]}, <<1, 2, 3>>),
         show(Version, [HostPub, UserPub]),
         Client = crypto:compute_key(srp, HostPub, {UserPub, UserPriv}, {user, [User, <<Prime:1024>>, <<2>>, Version]}),
         Host = crypto:compute_key(srp, UserPub, {HostPub, HostPriv}, {host, [Verifier, <<Prime:1024>>, Version]}),
         show(same, [Client, atom_to_list(Client =:= Host)])
     end || Version <- ['3', '6', '6a']].

rsa() ->
    {Pub, Priv} = crypto:generate_key(rsa, {1024, 65537}),
    {2, 8} = {length(Pub), length(Priv)},
    Short = lists:sublist(Priv, 3),
    Pub = [binary:encode_unsigned(N) || N <- crypto:privkey_to_pubkey(rsa, Priv)],
    [begin
         S = crypto:sign(rsa, H, "text", K, O),
         true = crypto:verify(rsa, H, "text", S, Pub, O),
         false = crypto:verify(rsa, H, "test", S, Pub, O),
         128 = byte_size(S)
     end || H <- [sha, sha256, sha512], K <- [Priv, Short],
            O <- [[], [{rsa_padding, rsa_pkcs1_padding}], [{rsa_padding, rsa_pkcs1_pss_padding}],
                  [{rsa_padding, rsa_pkcs1_pss_padding}, {rsa_pss_saltlen, 10}, {rsa_mgf1_md, sha}],
                  [{rsa_padding, rsa_x931_padding}]]],
    Digest = crypto:hash(sha256, "text"),
    true = crypto:verify(rsa, sha256, {digest, Digest}, crypto:sign(rsa, sha256, "text", Priv), Pub),
    true = crypto:verify(rsa, none, Digest, crypto:sign(rsa, none, Digest, Priv), Pub),
    [begin
         E = crypto:public_encrypt(rsa, <<"secret">>, Pub, O),
         <<"secret">> = crypto:private_decrypt(rsa, E, Priv, O)
     end || O <- [rsa_pkcs1_padding, rsa_pkcs1_oaep_padding, [{rsa_padding, rsa_pkcs1_padding}],
                  [{rsa_padding, rsa_pkcs1_oaep_padding}, {rsa_oaep_md, sha256}],
                  [{rsa_padding, rsa_pkcs1_oaep_padding}, {rsa_oaep_label, <<"label">>}, {rsa_mgf1_md, sha}]]],
    Signed = crypto:private_encrypt(rsa, <<"sign me">>, Priv, rsa_pkcs1_padding),
    <<"sign me">> = crypto:public_decrypt(rsa, Signed, Pub, rsa_pkcs1_padding),
    Raw = crypto:public_encrypt(rsa, <<1:1024>>, Pub, rsa_no_padding),
    <<1:1024>> = crypto:private_decrypt(rsa, Raw, Priv, rsa_no_padding),
    #'RSAPrivateKey'{version = V} = public_key:generate_key({rsa, 1024, 17}),
    io:format("~p~n", [V]).

dss() ->
    P = 16#fd7f53811d75122952df4a9c2eece4e7f611b7523cef4400c31e3f80b6512669455d402251fb593d8d58fabfc5f5ba30f6cb9b556cd7813b801d346ff26660b76b9950a5a49f9fe8047b1022c24fbba9d7feb7c61bf83b57e7c6a8a6150f04fb83f6d3c51ec3023554135a169132f675f3ae2b61d72aeff22203199dd14801c7,
    Q = 16#9760508f15230bccb292b982a2eb840bf0581cf5,
    G = 16#f7e1a085d69b3ddecbbcab5c36b857b97994afbbfa3aea82f9574c0b3d0782675159578ebad4594fe67107108180b449167123e84c281613b7cf09328cc8a6e13c167a8b547c8d28e0a3ae1e2bb3a675916ea37f0bfa213562f1fb627a01243bcca4f1bea8519089a883dfe15ae59f06928b665e807b552564014c3bfecf492a,
    X = 16#123456789abcdef,
    Y = crypto:bytes_to_integer(crypto:mod_pow(G, X, P)),
    S = crypto:sign(dss, sha, "text", [P, Q, G, X]),
    io:format("~p~n", [{crypto:verify(dss, sha, "text", S, [P, Q, G, Y]), crypto:verify(dss, sha, "Text", S, [P, Q, G, Y])}]).

eddsa() ->
    [begin
         {Pub, Priv} = crypto:generate_key(eddsa, C, list_to_binary(lists:seq(1, N))),
         S = crypto:sign(eddsa, none, "text", [Priv, C]),
         show(C, [Pub, S]),
         io:format("~p~n", [{crypto:verify(eddsa, none, "text", S, [Pub, C]), crypto:verify(eddsa, none, "x", S, [Pub, C])}])
     end || {C, N} <- [{ed25519, 32}, {ed448, 57}]].
