%% Resolvers that hang, that answer nonsense, that are silent: others do not wait for them.
-module(sock_resolver).
-export([main/0]).

main() ->
    hanging(),
    many(),
    silent(),
    nonsense().

%% The program that asks the system's resolver stands still.
hanging() ->
    inet_db:set_lookup([native]),
    inet_db:set_timeout(60000),
    {ok, _} = inet:gethostbyname("localhost", inet),
    [Program] = [OsPid || P <- erlang:ports(), {name, N} <- [erlang:port_info(P, name)], lists:suffix("inet_gethost", N),
                          {os_pid, OsPid} <- [erlang:port_info(P, os_pid)]],
    signal("STOP", Program),
    Me = self(),
    Asking = [spawn(fun() -> Me ! {self(), inet:gethostbyname("localhost", inet)} end) || _ <- lists:seq(1, 50)],
    timer:sleep(100),
    io:format("meanwhile: ~p~n", [echo(200)]),
    io:format("answers: ~p~n", [receive {_, _} -> some after 0 -> none end]),
    signal("CONT", Program),
    Answers = [receive {A, {ok, H}} -> element(6, H); {A, Error} -> Error end || A <- Asking],
    io:format("in the end: ~p ~p~n", [length(Answers), lists:usort(Answers)]).

signal(Name, OsPid) -> [] = os:cmd("kill -" ++ Name ++ " " ++ integer_to_list(OsPid)).

%% More at once than there are threads for them.
many() ->
    Me = self(),
    Asking = [spawn(fun() -> Me ! {self(), net:getaddrinfo("localhost")} end) || _ <- lists:seq(1, 100)],
    Answers = [receive {A, {ok, [_ | _]}} -> ok; {A, Other} -> Other end || A <- Asking],
    io:format("many: ~p ~p~n", [length(Answers), lists:usort(Answers)]).

%% A name server that never answers.
silent() ->
    {ok, S} = gen_udp:open(0, [binary, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(S),
    Options = [{nameservers, [{{127, 0, 0, 1}, Port}]}, {timeout, 50}, {retry, 2}],
    Me = self(),
    Asking = [spawn(fun() -> Me ! {self(), inet_res:resolve("name.example", in, a, Options)} end) || _ <- lists:seq(1, 20)],
    Answers = [receive {A, {error, {R, _}}} -> R; {A, Other} -> Other end || A <- Asking],
    io:format("silent: ~p ~p~n", [length(Answers), lists:usort(Answers)]),
    gen_udp:close(S).

%% One that answers nonsense, and then what it was asked for.
nonsense() ->
    Me = self(),
    _ = rand:seed(exsss, 4711),
    Noise = [rand:bytes(12), rand:bytes(500), <<0:4000>>],
    Server = spawn_link(fun() ->
        {ok, S} = gen_udp:open(0, [binary, {ip, {127, 0, 0, 1}}, {active, true}]),
        Me ! {port, element(2, inet:port(S))},
        name_server(S, Noise)
    end),
    Port = receive {port, P} -> P end,
    Options = [{nameservers, [{{127, 0, 0, 1}, Port}]}, {timeout, 20000}, {retry, 1}],
    [io:format("~s: ~p~n", [N, inet_res:lookup(N, in, T, Options)])
     || {N, T} <- [{"name.example", a}, {"name.example", aaaa}, {"text.example", txt}, {"other.example", a}]],
    unlink(Server),
    exit(Server, kill).

name_server(S, Noise) ->
    receive
        {udp, S, From, Port, Request} ->
            <<Id:16, _:80, Rest/binary>> = Request,
            {Name, Type, Question} = question(Rest),
            Answers = case {Name, Type} of
                {[<<"name">>, <<"example">>], 1} -> [<<192, 0, 2, N>> || N <- [1, 2]];
                {[<<"name">>, <<"example">>], 28} -> [<<8193:16, 3512:16, 0:80, 1:16>>];
                {[<<"text">>, <<"example">>], 16} -> [<<4, "some", 4, "text">>];
                _ -> []
            end,
            Reply = fun(I) ->
                iolist_to_binary([<<I:16, 16#8580:16, 1:16, (length(Answers)):16, 0:32>>, Question,
                                  [<<16#C00C:16, Type:16, 1:16, 1:32, (byte_size(A)):16, A/binary>> || A <- Answers]])
            end,
            %% Others answer what was not asked, with a wrong number.
            [gen_udp:send(S, From, Port, Bytes) || Bytes <- Noise ++ [Reply(Id bxor 1), Reply(Id)]],
            name_server(S, Noise)
    end.

%% The name that is asked for, the type, and the question as it is.
question(Bytes) -> question(Bytes, [], Bytes).

question(<<0, Type:16, _:16, _/binary>> = Rest, Name, All) ->
    {lists:reverse(Name), Type, binary:part(All, 0, byte_size(All) - byte_size(Rest) + 5)};
question(<<N, Label:N/binary, Rest/binary>>, Name, All) -> question(Rest, [Label | Name], All).

%% Rounds there and back over a connection.
echo(N) ->
    {ok, L} = gen_tcp:listen(0, [binary, {ip, {127, 0, 0, 1}}, {active, false}]),
    {ok, Port} = inet:port(L),
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
    {ok, S} = gen_tcp:accept(L),
    Rounds = [begin
        ok = gen_tcp:send(C, <<I:32>>), {ok, Data} = gen_tcp:recv(S, 4),
        ok = gen_tcp:send(S, Data), {ok, <<I:32>>} = gen_tcp:recv(C, 4),
        {ok, _} = file:read_file(code:which(lists))
     end || I <- lists:seq(1, N)],
    [gen_tcp:close(X) || X <- [C, S, L]],
    length(Rounds).
