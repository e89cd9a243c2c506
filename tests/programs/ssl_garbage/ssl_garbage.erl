%% Peers that spoil TLS: bytes at random, handshakes cut or changed at many places, by clients and by servers, and connections
%% that are there. The server goes on serving and nothing is left over.
-module(ssl_garbage).
-export([main/0]).

main() ->
    {ok, _} = application:ensure_all_started(ssl),
    logger:set_primary_config(level, none),
    _ = rand:seed(exsss, 4711),
    Common = [{digest, sha256}, {key, {namedCurve, secp256r1}}],
    #{server_config := S, client_config := C0} =
        public_key:pkix_test_data(#{server_chain => #{root => Common, intermediates => [], peer => Common},
                                    client_chain => #{root => Common, intermediates => [], peer => Common}}),
    C = [{server_name_indication, disable} | C0],
    {ok, L} = ssl:listen(0, [binary, {ip, {127, 0, 0, 1}}, {active, false}, {backlog, 100} | S]),
    {ok, {_, Port}} = ssl:sockname(L),
    [spawn_link(fun() -> acceptor(L) end) || _ <- lists:seq(1, 4)],
    serves(Port, C, "before"),
    Before = counts(),
    noise(Port),
    serves(Port, C, "noise"),
    [begin
        Handshakes = [spoiled(Port, [{versions, [V]} | C], Side, How, At)
                      || Side <- [client, server], How <- [cut, flip], At <- [0, 1, 2, 3, 4, 5, 6, 9, 11, 30, 43, 60, 100, 130]],
        io:format("~p: ~p~n", [V, lists:usort(Handshakes)]),
        serves(Port, C, V),
        io:format("~p, later: ~p~n", [V, lists:usort([later(Port, [{versions, [V]} | C], Side) || Side <- [client, server]])]),
        serves(Port, C, V)
     end || V <- ['tlsv1.2', 'tlsv1.3']],
    %% A server of nothing but noise.
    [begin
        {P, Pid} = raw_server(fun(A) -> gen_tcp:send(A, rand:bytes(N)), gen_tcp:close(A) end),
        {error, _} = ssl:connect({127, 0, 0, 1}, P, [{active, false} | C], 20000),
        exit(Pid, kill)
     end || N <- [0, 1, 5, 300, 20000]],
    serves(Port, C, "noise from a server"),
    io:format("left over: ~p~n", [left_over(Before, 100)]).

acceptor(L) ->
    {ok, T} = ssl:transport_accept(L),
    Pid = spawn(fun() -> receive go -> handshake(T) end end),
    ok = ssl:controlling_process(T, Pid),
    Pid ! go,
    acceptor(L).

handshake(T) ->
    case ssl:handshake(T, 3000) of
        {ok, S} -> echo(S);
        {error, _} -> ssl:close(T)
    end.

echo(S) ->
    case ssl:recv(S, 0, 20000) of
        {ok, Data} -> ssl:send(S, Data), echo(S);
        {error, _} -> ssl:close(S)
    end.

serves(Port, C, After) ->
    {ok, T} = ssl:connect({127, 0, 0, 1}, Port, [binary, {active, false} | C], 20000),
    ok = ssl:send(T, <<"are you there?">>),
    {ok, Data} = ssl:recv(T, 14, 20000),
    ok = ssl:close(T),
    io:format("serves after ~p: ~s~n", [After, Data]).

%% Bytes of all kinds; some of them begin as a record of TLS does.
noise(Port) ->
    [begin
        {ok, G} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
        gen_tcp:send(G, [Head, rand:bytes(N)]),
        case N rem 2 of 0 -> gen_tcp:close(G); 1 -> gen_tcp:recv(G, 0, 20000), gen_tcp:close(G) end
     end || Head <- [<<>>, <<22, 3, 1, 2, 0>>, <<22, 3, 3, 255, 255>>, <<22, 3, 1, 0, 5, 1, 0, 0, 1>>, <<128, 46, 1, 3, 1>>,
                     <<23, 3, 3, 0, 10>>, <<21, 3, 3, 0, 2>>, <<20, 3, 3, 0, 1, 1>>, <<"GET / HTTP/1.1\r\n\r\n">>],
            N <- [0, 1, 8, 300, 5001]].

%% A handshake through somebody who cuts the connection or changes a byte.
spoiled(Port, C, Side, How, At) ->
    {P, Pid} = raw_server(fun(A) -> between(A, Port, Side, How, At) end),
    Result = ssl:connect({127, 0, 0, 1}, P, [binary, {active, false} | C], 1000),
    exit(Pid, kill),
    case Result of
        {ok, T} ->
            %% With TLS 1.3 the server may refuse what the client has taken for good, or the change has not met a handshake.
            _ = ssl:close(T), refused;
        {error, _} -> refused
    end.

%% The same with a connection that is established.
later(Port, C, Side) ->
    {P, Pid} = raw_server(fun(A) -> between(A, Port, Side, none, 0) end),
    {ok, T} = ssl:connect({127, 0, 0, 1}, P, [binary, {active, false} | C], 20000),
    ok = ssl:send(T, <<"ping">>),
    {ok, <<"ping">>} = ssl:recv(T, 4, 20000),
    Pid ! noise,
    _ = ssl:send(T, <<"ping">>),
    Result = ssl:recv(T, 4, 20000),
    exit(Pid, kill),
    element(1, Result).

raw_server(Serve) ->
    {ok, R} = gen_tcp:listen(0, [binary, {ip, {127, 0, 0, 1}}, {active, false}]),
    {ok, P} = inet:port(R),
    Pid = spawn(fun() -> receive go -> ok end, {ok, A} = gen_tcp:accept(R), gen_tcp:close(R), Serve(A) end),
    ok = gen_tcp:controlling_process(R, Pid),
    Pid ! go,
    {P, Pid}.

%% Passes on what both sides send, but byte number At of one of them.
between(A, Port, Side, How, At) ->
    {ok, B} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, true}, {nodelay, true}]),
    inet:setopts(A, [{active, true}, {nodelay, true}]),
    From = case Side of client -> A; server -> B end,
    pass(A, B, From, How, At).

pass(A, B, From, How, At) ->
    Other = fun(S) when S =:= A -> B; (_) -> A end,
    receive
        noise -> gen_tcp:send(Other(From), rand:bytes(100)), pass(A, B, From, How, At);
        {tcp, From, Data} when How =/= none, At < byte_size(Data) ->
            <<Head:At/binary, X, Rest/binary>> = Data,
            case How of
                cut -> gen_tcp:send(Other(From), Head), gen_tcp:close(A), gen_tcp:close(B);
                flip -> gen_tcp:send(Other(From), [Head, X bxor 85, Rest]), pass(A, B, From, none, 0)
            end;
        {tcp, From, Data} ->
            gen_tcp:send(Other(From), Data), pass(A, B, From, How, At - byte_size(Data));
        {tcp, S, Data} -> gen_tcp:send(Other(S), Data), pass(A, B, From, How, At);
        {tcp_closed, S} -> gen_tcp:close(Other(S))
    end.

counts() -> {length(erlang:ports()), length(processes())}.

%% Ports and processes that are more than before, once those have gone that still have something to do.
left_over({Ports, Processes} = Before, N) ->
    case counts() of
        {Po, Pr} when Po > Ports, N > 0; Pr > Processes, N > 0 -> timer:sleep(100), left_over(Before, N - 1);
        {Po, Pr} -> {max(0, Po - Ports), max(0, Pr - Processes)}
    end.
