%% Peers that send what nobody expects: the same bytes into every packet mode, passive and active, whole and cut anywhere.
-module(sock_garbage).
-export([main/0]).

main() ->
    Before = descriptors(),
    [mode(B, M) || B <- [inet, socket], M <- [1, 2, 4, line, http, http_bin, httph, httph_bin, asn1, cdr, fcgi, tpkt, sunrm]],
    timer:sleep(200),
    io:format("descriptors left open: ~p~n", [descriptors() - Before]).

descriptors() -> {ok, Names} = file:list_dir("/proc/self/fd"), length(Names).

mode(B, Mode) ->
    io:format("-- ~p ~p~n", [B, Mode]),
    [io:format("~p: ~0P ~0P~n", [Name, passive(B, Mode, Bytes), 24, active(B, Mode, Bytes), 24]) || {Name, Bytes} <- garbage()].

garbage() ->
    [{zeroes, <<0:200/unit:8>>},
     {ones, binary:copy(<<255>>, 300)},
     {counted, << <<N>> || N <- lists:seq(0, 255) >>},
     {text, <<"GET / HTTP/9.99\r\nhost\r\n: \r\nA: b\r\n\r\n">>},
     {version, <<"HTTP/1.1 2x0 OK\r\nAccept: x\r\n\r\n">>},
     {lines, <<"one\ntwo\r\n\nthree">>},
     {tls, <<22, 3, 1, 0, 5, 1, 2, 3, 4, 5, 128, 46, 1, 0, 2>>},
     {negative, <<128, 0, 0, 4, 1, 2, 3, 4, 48, 132, 127, 255, 255, 255, 1>>},
     {empty, <<>>}].

%% What is received until the connection ends.
passive(B, Mode, Bytes) ->
    {S, C} = pair(B, Mode, false),
    ok = gen_tcp:send(C, Bytes),
    ok = gen_tcp:close(C),
    All = collect(S, 50),
    gen_tcp:close(S),
    All.

collect(_, 0) -> [more];
collect(S, N) ->
    case gen_tcp:recv(S, 0, 5000) of
        {ok, Data} -> [size(Data, 1) | collect(S, N - 1)];
        {error, Reason} -> [Reason]
    end.

%% Cut into single bytes.
active(B, Mode, Bytes) ->
    {S, C} = pair(B, Mode, true),
    [gen_tcp:send(C, <<X>>) || <<X>> <= Bytes],
    gen_tcp:close(C),
    All = messages(S, 50),
    gen_tcp:close(S),
    All.

messages(_, 0) -> [more];
messages(S, N) ->
    receive
        {tcp_closed, S} -> [closed];
        {tcp_error, S, Reason} -> [Reason];
        {_, S, Data} -> [size(Data, 1) | messages(S, N - 1)]
    after 5000 -> [nothing]
    end.

%% Long ones by a hash.
size(Data, _) when is_binary(Data), byte_size(Data) > 40 -> {byte_size(Data), erlang:phash2(Data)};
size(Data, _) -> Data.

pair(B, Mode, Active) ->
    Options = [binary, {active, false}, {packet, Mode}, {packet_size, 0}, {nodelay, true}, {buffer, 1024}],
    Backend = case B of inet -> []; socket -> [{inet_backend, socket}] end,
    {ok, L} = gen_tcp:listen(0, Backend ++ [{ip, {127, 0, 0, 1}} | Options]),
    {ok, Port} = inet:port(L),
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
    {ok, S} = gen_tcp:accept(L),
    gen_tcp:close(L),
    ok = inet:setopts(S, [{active, Active}]),
    {S, C}.
