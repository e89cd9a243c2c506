%% OTP's own ssl over loopback: TLS 1.2 and 1.3, kinds of keys, client certificates, resumption, refusals; asn1's natives.
-module(ssl_local).
-export([main/0]).

main() ->
    {ok, _} = application:ensure_all_started(ssl),
    logger:set_primary_config(level, none),
    [talk(V, K) || V <- ['tlsv1.2', 'tlsv1.3'], K <- [{namedCurve, secp256r1}, {namedCurve, secp384r1}, {rsa, 2048, 65537}]],
    [mutual(V) || V <- ['tlsv1.2', 'tlsv1.3']],
    refused(),
    garbage(),
    asn1().

certificates(Key) ->
    Common = [{digest, sha256}, {key, Key}],
    #{server_config := S, client_config := C} =
        public_key:pkix_test_data(#{server_chain => #{root => Common, intermediates => [], peer => Common},
                                    client_chain => #{root => Common, intermediates => [], peer => Common}}),
    {S, C}.

listen(Options) ->
    {ok, L} = ssl:listen(0, [{ip, {127, 0, 0, 1}}, {reuseaddr, true}, {active, false}, {mode, binary} | Options]),
    {ok, {_, Port}} = ssl:sockname(L),
    {L, Port}.

serve(L, Fun) ->
    spawn_link(fun() ->
                       {ok, T} = ssl:transport_accept(L),
                       case ssl:handshake(T, 20000) of
                           {ok, S} -> Fun(S);
                           {error, _} -> ok
                       end
               end).

talk(V, Key) ->
    {S, C} = certificates(Key),
    {L, Port} = listen([{versions, [V]} | S]),
    serve(L, fun(T) ->
                     {ok, D} = ssl:recv(T, 5),
                     ok = ssl:send(T, [D, "!", binary:copy(<<"z">>, 300000)]),
                     ssl:close(T)
             end),
    {ok, T} = ssl:connect({127, 0, 0, 1}, Port, [{active, false}, {versions, [V]}, {mode, binary}, {server_name_indication, disable} | C], 20000),
    {ok, [{protocol, V}]} = ssl:connection_information(T, [protocol]),
    ok = ssl:send(T, "hello"),
    {ok, <<"hello!", Zs/binary>>} = ssl:recv(T, 300006, 20000),
    {error, closed} = ssl:recv(T, 0, 20000),
    ssl:close(L),
    io:format("~p ~p ~p~n", [V, Key, byte_size(Zs)]).

mutual(V) ->
    {S, C} = certificates({namedCurve, secp256r1}),
    {L, Port} = listen([{versions, [V]}, {verify, verify_peer}, {fail_if_no_peer_cert, true} | S]),
    Self = self(),
    serve(L, fun(T) ->
                     {ok, Der} = ssl:peercert(T),
                     Self ! {certificate, is_binary(Der)},
                     ok = ssl:controlling_process(T, spawn_link(fun() -> echo(T) end)),
                     receive after infinity -> ok end
             end),
    {ok, T} = ssl:connect({127, 0, 0, 1}, Port, [{active, true}, {packet, 4}, {versions, [V]}, {server_name_indication, disable} | C], 20000),
    receive M -> io:format("~p~n", [M]) end,
    _ = T,
    ssl:close(T),
    ssl:close(L).

echo(_) -> receive after infinity -> ok end.

%% The server is not who the client wants to see.
refused() ->
    {S, _} = certificates({namedCurve, secp256r1}),
    {_, C} = certificates({namedCurve, secp256r1}),
    {L, Port} = listen(S),
    serve(L, fun(_) -> ok end),
    {error, {tls_alert, {Alert, _}}} = ssl:connect({127, 0, 0, 1}, Port, [{server_name_indication, disable} | C], 20000),
    io:format("~p~n", [Alert]).

%% A client that does not speak TLS.
garbage() ->
    {S, _} = certificates({namedCurve, secp256r1}),
    {L, Port} = listen(S),
    Self = self(),
    spawn_link(fun() -> {ok, T} = ssl:transport_accept(L), Self ! ssl:handshake(T, 20000) end),
    {ok, G} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
    ok = gen_tcp:send(G, <<"GET / HTTP/1.0\r\n\r\n">>),
    receive {error, Reason} -> io:format("~p~n", [if is_tuple(Reason) -> element(1, element(2, Reason)); true -> Reason end]) end.

asn1() ->
    Tlv = {16, [{2, <<5>>}, {16#20000 bor 31, binary:copy(<<1>>, 200)}, {12, <<"text">>}, {17, []}]},
    Bytes = asn1rt_nif:encode_ber_tlv(Tlv),
    {Tlv, <<"rest">>} = asn1rt_nif:decode_ber_tlv(<<Bytes/binary, "rest">>),
    io:format("~p ~p~n", [byte_size(Bytes), binary:part(Bytes, 0, 6)]),
    [io:format("~p~n", [catch asn1rt_nif:decode_ber_tlv(B)])
     || B <- [<<>>, <<2>>, <<2, 5, 1>>, <<16#30, 3, 2, 1>>, <<16#1f, 16#ff, 16#ff, 1>>, <<2, 16#85, 1>>, <<16#30, 16#80, 2, 1, 1>>]],
    [io:format("~p~n", [asn1rt_nif:encode_per_complete(L)])
     || L <- [[], [1, 0, 1], [1, 20, 2, 16#AB, 16#CD], [10, 3, 5, 30, 4, 2, 16#AB, 16#C0], [40, 4, 2, 1, 1], [45, 12, 1, 255]]].
