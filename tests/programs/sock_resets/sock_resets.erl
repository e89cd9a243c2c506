%% Connections that end while something is under way: in each state that a socket can be in, by the peer, by the one who owns it,
%% and by others. On both backends.
-module(sock_resets).
-export([main/0]).

main() ->
    process_flag(trap_exit, true),
    %% Load what is needed before descriptors are counted.
    [begin {S, C} = pair(B, [], []), [gen_tcp:close(X) || X <- [S, C]] end || B <- [inet, socket]],
    Before = descriptors(),
    [begin
        io:format("-- ~p~n", [B]),
        [io:format("~p: ~p~n", [N, F(B)]) || {N, F} <- cases()]
     end || B <- [inet, socket]],
    io:format("descriptors left open: ~p~n", [left_open(Before, 50)]).

descriptors() -> {ok, Names} = file:list_dir("/proc/self/fd"), length(Names).

left_open(Before, N) ->
    case descriptors() - Before of
        D when D > 0, N > 0 -> timer:sleep(100), left_open(Before, N - 1);
        D -> D
    end.

cases() ->
    [{refused, fun refused/1},
     {listener_closed, fun listener_closed/1},
     {listener_owner_killed, fun listener_owner_killed/1},
     {closed_by_another, fun closed_by_another/1},
     {partial_packet, fun partial_packet/1},
     {partial_then_reset, fun partial_then_reset/1},
     {half_closed, fun half_closed/1},
     {both_halves, fun both_halves/1},
     {sendfile, fun sendfile/1},
     {queued, fun queued/1},
     {lingering, fun lingering/1},
     {counted, fun counted/1},
     {owner_killed, fun owner_killed/1},
     {many, fun many/1},
     {datagrams, fun datagrams/1},
     {local, fun local/1}].

%% Nobody listens there any more.
refused(B) ->
    {L, Port} = listen(B, []),
    gen_tcp:close(L),
    [gen_tcp:connect({127, 0, 0, 1}, Port, backend(B) ++ [{active, A}]) || A <- [false, true]].

listener_closed(B) ->
    {L, _} = listen(B, []),
    Waiting = [waiting(fun() -> gen_tcp:accept(L) end) || _ <- [1, 2, 3]],
    timer:sleep(100),
    gen_tcp:close(L),
    [result(W) || W <- Waiting] ++ [gen_tcp:accept(L, 100)].

%% Who was in the backlog hears of it.
listener_owner_killed(B) ->
    Me = self(),
    Owner = spawn(fun() -> {L, Port} = listen(B, []), Me ! {listening, {L, Port}}, receive after infinity -> L end end),
    {L, Port} = receive {listening, X} -> X end,
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}]),
    Waiting = waiting(fun() -> {gone(gen_tcp:recv(C, 0))} end, C),
    timer:sleep(50),
    exit(Owner, kill),
    [result(Waiting), over(gen_tcp:accept(L, 100))].

%% The process behind a socket of the module `socket` may still be there when its descriptor is not.
over({error, Why}) when Why =:= closed; Why =:= einval -> over.

closed_by_another(B) ->
    {S, C} = pair(B, [], []),
    Waiting = waiting(fun() -> gen_tcp:recv(S, 0) end),
    timer:sleep(100),
    ok = gen_tcp:close(S),
    [result(Waiting), gone(gen_tcp:recv(C, 0)), gen_tcp:recv(S, 0), gen_tcp:send(S, "x"), inet:setopts(S, [{active, once}])].

%% The end comes in the middle of a packet.
partial_packet(B) ->
    [begin
        {S, C} = pair(B, [{packet, Mode}, {active, Active}], []),
        ok = gen_tcp:send(C, Bytes),
        gen_tcp:close(C),
        Got = case Active of false -> gen_tcp:recv(S, 0, 5000); true -> messages(S) end,
        gen_tcp:close(S),
        {Mode, Active, Got}
     end || {Mode, Bytes} <- [{4, <<0, 0, 0, 9, "abc">>}, {line, "no end"}, {http, "GET / HT"}], Active <- [false, true]].

partial_then_reset(B) ->
    [begin
        {S, C} = pair(B, [{packet, 4}, {show_econnreset, true}, {active, Active}], []),
        ok = gen_tcp:send(C, <<0, 0, 0, 9, "abc">>),
        timer:sleep(100),
        reset(C),
        Got = case Active of false -> gen_tcp:recv(S, 0, 5000); true -> messages(S) end,
        gen_tcp:close(S),
        {Active, Got}
     end || Active <- [false, true]].

%% One half is closed, then the rest is reset.
half_closed(B) ->
    {S, C} = pair(B, [{exit_on_close, false}], []),
    ok = gen_tcp:shutdown(C, write),
    Eof = gen_tcp:recv(S, 0, 5000),
    ok = gen_tcp:send(S, "still"),
    {ok, "still"} = gen_tcp:recv(C, 5, 5000),
    reset(C),
    timer:sleep(100),
    Sent = [gone(gen_tcp:send(S, "x")) || _ <- [1, 2]],
    gen_tcp:close(S),
    [Eof | lists:usort(Sent)].

both_halves(B) ->
    {S, C} = pair(B, [], []),
    ok = gen_tcp:shutdown(S, write),
    ok = gen_tcp:shutdown(C, write),
    Got = [gen_tcp:recv(S, 0, 5000), gen_tcp:recv(C, 0, 5000)],
    [gen_tcp:close(X) || X <- [S, C]],
    Got.

%% While a file goes out.
sendfile(B) ->
    Name = "sendfile.bin",
    ok = file:write_file(Name, binary:copy(<<"0123456789">>, 2000000)),
    {S, C} = pair(B, [{sndbuf, 8192}], [{recbuf, 8192}]),
    Waiting = waiting(fun() -> gone(file:sendfile(Name, S)) end, S),
    {ok, _} = gen_tcp:recv(C, 1000, 5000),
    reset(C),
    Got = result(Waiting),
    ok = file:delete(Name),
    Got.

%% With output queued that nobody reads, the program closes, then the peer resets.
queued(B) ->
    {S, C} = pair(B, [{sndbuf, 8192}, {high_watermark, 10000000}, {send_timeout, 300}], [{recbuf, 8192}]),
    _ = gen_tcp:send(S, binary:copy(<<"x">>, 1000000)),
    Closing = waiting(fun() -> gen_tcp:close(S) end),
    timer:sleep(100),
    reset(C),
    result(Closing).

lingering(B) ->
    {S, C} = pair(B, [{linger, {true, 0}}], []),
    ok = gen_tcp:send(S, "last words"),
    gen_tcp:close(S),
    Got = gone(drop(gen_tcp:recv(C, 0, 5000), C)),
    gen_tcp:close(C),
    Got.

drop({ok, _}, C) -> gen_tcp:recv(C, 0, 5000);
drop(Other, _) -> Other.

%% Messages up to the end, in active mode with a count.
counted(B) ->
    [begin
        {S, C} = pair(B, [{active, 2}, {packet, 1}], []),
        [ok = gen_tcp:send(C, [2, "ab"]) || _ <- lists:seq(1, N)],
        gen_tcp:close(C),
        Got = messages(S),
        %% The rest, where the count has run out.
        Rest = case lists:last(Got) of closed -> []; _ -> inet:setopts(S, [{active, true}]), messages(S) end,
        gen_tcp:close(S),
        {N, Got, Rest}
     end || N <- [1, 2, 3]].

owner_killed(B) ->
    {S, C} = pair(B, [], []),
    Me = self(),
    Owner = spawn(fun() -> receive go -> ok end, Me ! {sent, gen_tcp:send(S, "before")}, gen_tcp:recv(S, 0) end),
    ok = gen_tcp:controlling_process(S, Owner),
    Owner ! go,
    ok = receive {sent, R} -> R end,
    {ok, "before"} = gen_tcp:recv(C, 6, 5000),
    timer:sleep(50),
    exit(Owner, kill),
    [gone(gen_tcp:recv(C, 0, 5000)), gone(gen_tcp:recv(S, 0, 100))].

%% Sixty at once, of which every third is reset, one closes and one half-closes.
many(B) ->
    {L, Port} = listen(B, [{backlog, 100}]),
    Clients = [begin {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}]), {N rem 3, C} end || N <- lists:seq(1, 60)],
    Servers = [begin {ok, S} = gen_tcp:accept(L, 5000), waiting(fun() -> gone(gen_tcp:recv(S, 0, 20000)) end, S) end || _ <- Clients],
    [case How of 0 -> reset(C); 1 -> gen_tcp:close(C); 2 -> gen_tcp:shutdown(C, write) end || {How, C} <- Clients],
    Got = [result(W) || W <- Servers],
    [gen_tcp:close(C) || {_, C} <- Clients],
    gen_tcp:close(L),
    {length(Got), lists:usort(Got)}.

%% A port that nobody reads from.
datagrams(B) ->
    {ok, A} = gen_udp:open(0, backend(B) ++ [{active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(A),
    {ok, S} = gen_udp:open(0, backend(B) ++ [{active, false}, {ip, {127, 0, 0, 1}}]),
    ok = gen_udp:connect(S, {127, 0, 0, 1}, Port),
    gen_udp:close(A),
    ok = gen_udp:send(S, "x"),
    timer:sleep(50),
    First = gen_udp:recv(S, 0, 200),
    Second = gen_udp:recv(S, 0, 50),
    Waiting = waiting(fun() -> gen_udp:recv(S, 0) end),
    timer:sleep(50),
    gen_udp:close(S),
    [First, Second, result(Waiting)].

local(B) ->
    Name = "socket.local",
    {ok, L} = gen_tcp:listen(0, backend(B) ++ [{ifaddr, {local, Name}}, {active, false}]),
    {ok, C} = gen_tcp:connect({local, Name}, 0, backend(B) ++ [{active, false}]),
    {ok, S} = gen_tcp:accept(L),
    ok = gen_tcp:send(S, "unread"),
    gen_tcp:close(C),
    Got = [gone(gen_tcp:recv(S, 0, 5000)), gone(gen_tcp:send(S, "x"))],
    gen_tcp:close(L),
    Refused = gen_tcp:connect({local, Name}, 0, backend(B) ++ [{active, false}]),
    [gen_tcp:close(X) || X <- [S]],
    ok = file:delete(Name),
    Got ++ [Refused].

%% Somebody who waits for something; with a socket of its own.
waiting(F) ->
    Me = self(),
    Pid = spawn(fun() -> Me ! {self(), F()} end),
    waits(Pid),
    Pid.
waiting(F, S) ->
    Pid = waiting(fun() -> receive go -> F() end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    waits(Pid),
    Pid.

%% Until it does wait, or is through.
waits(Pid) ->
    case process_info(Pid, status) of
        {status, S} when S =/= waiting -> timer:sleep(10), waits(Pid);
        _ -> ok
    end.

result(Pid) -> receive {Pid, R} -> R after 20000 -> nothing end.

gone({error, {R, Rest}}) when is_integer(Rest) -> gone({error, R});
gone({error, R}) when R =:= closed; R =:= econnreset; R =:= epipe; R =:= enotconn; R =:= einval -> gone;
gone(Other) -> Other.

%% With a linger time of zero the system resets the connection.
reset(C) -> inet:setopts(C, [{linger, {true, 0}}]), gen_tcp:close(C).

messages(S) ->
    receive
        {tcp_closed, S} -> [closed];
        {tcp_passive, S} -> [passive];
        {tcp_error, S, Reason} -> [Reason | messages(S)];
        {_, S, Data} -> [Data | messages(S)]
    after 5000 -> [nothing]
    end.

backend(inet) -> [];
backend(socket) -> [{inet_backend, socket}].

listen(B, Options) ->
    {ok, L} = gen_tcp:listen(0, backend(B) ++ [{ip, {127, 0, 0, 1}}, {active, false} | Options]),
    {ok, Port} = inet:port(L),
    {L, Port}.

%% A connection: the side with the options, and its peer.
pair(B, Options, PeerOptions) ->
    {L, Port} = listen(B, Options),
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false} | PeerOptions]),
    {ok, S} = gen_tcp:accept(L),
    gen_tcp:close(L),
    {S, C}.
