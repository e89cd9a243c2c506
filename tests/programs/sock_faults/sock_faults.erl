%% Connections that break: resets in every state, halves that are shut, readers that do not read.
-module(sock_faults).
-export([main/0]).

main() ->
    process_flag(trap_exit, true),
    Before = descriptors(),
    [begin io:format("-- ~p~n", [B]), resets(B), halves(B), slow(B) end || B <- [inet, socket]],
    timer:sleep(300),
    io:format("descriptors left open: ~p~n", [descriptors() - Before]),
    {messages, Left} = process_info(self(), messages),
    io:format("messages: ~p~n", [[M || M <- Left, element(1, M) =/= 'EXIT']]).

descriptors() -> {ok, Names} = file:list_dir("/proc/self/fd"), length(Names).

resets(B) ->
    %% While somebody receives, shown and not shown.
    [begin
        {S, C} = pair(B, [{show_econnreset, Show}], []),
        later(fun() -> reset(C) end),
        io:format("recv ~p: ~p", [Show, gen_tcp:recv(S, 0)]),
        io:format(" ~p ~p~n", [gen_tcp:recv(S, 0), error_(gen_tcp:send(S, "x"))]),
        gen_tcp:close(S)
    end || Show <- [false, true]],
    %% Active.
    [begin
        {S, C} = pair(B, [{show_econnreset, Show}, {active, true}], []),
        reset(C),
        io:format("active ~p: ~p~n", [Show, messages(S)]),
        gen_tcp:close(S)
    end || Show <- [false, true]],
    %% With data that was not read.
    {S1, C1} = pair(B, [], []),
    ok = gen_tcp:send(C1, "unread"),
    timer:sleep(50),
    gen_tcp:close(S1),
    timer:sleep(50),
    io:format("closed with unread data: ~p~n", [error_(gen_tcp:recv(C1, 0))]),
    gen_tcp:close(C1),
    %% While sending.
    {S2, C2} = pair(B, [{sndbuf, 8192}], [{recbuf, 8192}]),
    later(fun() -> reset(C2) end),
    io:format("send: ~p~n", [sending(S2, binary:copy(<<"x">>, 100000))]),
    gen_tcp:close(S2),
    %% Before it is accepted.
    {ok, L} = gen_tcp:listen(0, backend(B) ++ [{ip, {127, 0, 0, 1}}, {active, false}]),
    {ok, Port} = inet:port(L),
    {ok, C3} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}]),
    reset(C3),
    timer:sleep(50),
    case gen_tcp:accept(L, 500) of
        {ok, S3} -> io:format("accepted: ~p~n", [error_(gen_tcp:recv(S3, 0))]), gen_tcp:close(S3);
        Other -> io:format("accept: ~p~n", [Other])
    end,
    %% Whoever wanted to accept has been killed: the connection is the next one's.
    Killed = spawn(fun() -> gen_tcp:accept(L) end),
    timer:sleep(50),
    exit(Killed, kill),
    timer:sleep(50),
    {ok, C4} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}]),
    timer:sleep(50),
    {ok, S4} = gen_tcp:accept(L, 1000),
    ok = gen_tcp:send(S4, "hello"),
    io:format("after a killed acceptor: ~p~n", [gen_tcp:recv(C4, 0)]),
    [gen_tcp:close(X) || X <- [C4, S4, L]].

halves(B) ->
    {S, C} = pair(B, [], []),
    ok = gen_tcp:send(C, "last"),
    ok = gen_tcp:shutdown(C, write),
    io:format("half: ~p ~p", [gen_tcp:recv(S, 0), gen_tcp:recv(S, 0)]),
    io:format(" ~p~n", [gen_tcp:recv(C, 0, 100)]),
    gen_tcp:close(S),
    io:format("then: ~p~n", [gen_tcp:recv(C, 0)]),
    gen_tcp:close(C),
    {S2, C2} = pair(B, [{exit_on_close, false}], []),
    ok = gen_tcp:shutdown(C2, write),
    io:format("open half: ~p", [gen_tcp:recv(S2, 0)]),
    io:format(" ~p", [gen_tcp:send(S2, "still")]),
    io:format(" ~p~n", [gen_tcp:recv(C2, 5)]),
    [gen_tcp:close(X) || X <- [S2, C2]].

slow(B) ->
    [begin
        {S, C} = pair(B, [{sndbuf, 8192}, {send_timeout, 200}, {send_timeout_close, Close}], [{recbuf, 8192}]),
        io:format("slow, ~p: ~p", [Close, sending(S, binary:copy(<<"x">>, 1000000))]),
        io:format(" ~p~n", [case gen_tcp:recv(S, 0, 50) of {error, timeout} -> open; {error, _} -> closed end]),
        [gen_tcp:close(X) || X <- [S, C]]
    end || Close <- [false, true]].

%% Sends until that fails.
sending(S, Data) ->
    case gen_tcp:send(S, Data) of
        ok -> sending(S, Data);
        {error, {timeout, _}} -> timeout;
        {error, Reason} -> Reason
    end.

error_({error, R}) when R =:= closed; R =:= econnreset; R =:= epipe -> gone;
error_(Other) -> Other.

later(F) -> spawn(fun() -> timer:sleep(100), F() end).

%% With a linger time of zero the system resets the connection.
reset(C) -> inet:setopts(C, [{linger, {true, 0}}]), gen_tcp:close(C).

messages(S) ->
    receive
        {tcp_closed, S} -> [closed];
        {tcp_error, S, Reason} -> [Reason | messages(S)]
    after 2000 -> [nothing]
    end.

backend(inet) -> [];
backend(socket) -> [{inet_backend, socket}].

%% A connection: the side with the options, and its peer.
pair(B, Options, PeerOptions) ->
    {ok, L} = gen_tcp:listen(0, backend(B) ++ [{ip, {127, 0, 0, 1}}, {active, false} | Options]),
    {ok, Port} = inet:port(L),
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false} | PeerOptions]),
    {ok, S} = gen_tcp:accept(L),
    gen_tcp:close(L),
    {S, C}.
