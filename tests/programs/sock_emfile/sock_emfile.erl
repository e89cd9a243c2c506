%% No more descriptors: whoever asks hears of it, nothing else suffers, and service goes on when there are some again.
-module(sock_emfile).
-export([main/0]).

main() ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}, {backlog, 100}]),
    {ok, Port} = inet:port(L),
    Clients = [connect(Port) || _ <- lists:seq(1, 20)],
    %% Code that is not loaded yet cannot be loaded without descriptors.
    [try_(Port, L) || _ <- [1, 2]],
    timer:sleep(300),
    io:format("~p ~p ~p~n", [catch error(x), echo(hd(Clients)), fill(fun() -> {error, emfile} end)]),
    Limit = length(element(2, file:list_dir("/proc/self/fd"))) + 5,
    [] = os:cmd("prlimit --nofile=" ++ integer_to_list(Limit) ++ " --pid " ++ os:getpid()),
    %% What the command had is closed by then, so that nothing gets free once all are in use.
    timer:sleep(300),
    Sockets = fill(fun() -> gen_udp:open(0) end),
    [io:format("~p: ~p~n", [Name, R]) || {Name, R} <- try_(Port, L)],
    io:format("a connection that is there: ~p~n", [echo(lists:last(Clients))]),
    [gen_udp:close(S) || S <- Sockets],
    Accepted = [begin {ok, S} = gen_tcp:accept(L, 1000), S end || _ <- lists:seq(1, 3)],
    io:format("accepted: ~p~n", [length(Accepted)]),
    [gen_tcp:close(S) || S <- Accepted],
    io:format("again: ~p~n", [element(1, file:read_file("/etc/hostname"))]),
    io:format("again: ~p~n", [os:cmd("echo yes")]),
    [gen_tcp:close(C) || C <- [L | Clients]].

try_(Port, L) ->
    All = [{connect, gen_tcp:connect({127, 0, 0, 1}, Port, [])}, {listen, gen_tcp:listen(0, [])}, {accept, gen_tcp:accept(L, 1000)},
           {socket, socket:open(inet, dgram)}, {file, file:open("/etc/passwd", [read, raw])},
           {read, file:read_file("/etc/hostname")}, {directory, file:list_dir("/proc/self/net")},
           {port, try open_port({spawn, "true"}, []) catch _:E -> E end}],
    %% What could be opened is closed again.
    [case R of
         {ok, S} when is_port(S) -> gen_tcp:close(S);
         {ok, {'$socket', _} = S} -> socket:close(S);
         {ok, F} when Name =:= file -> file:close(F);
         P when is_port(P) -> timer:sleep(100);
         _ -> ok
     end || {Name, R} <- All],
    All.

fill(Open) ->
    case Open() of
        {ok, S} -> [S | fill(Open)];
        {error, Reason} -> io:format("filled: ~p~n", [Reason]), []
    end.

connect(Port) -> {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]), S.

echo(C) -> {gen_tcp:send(C, <<"x">>), gen_tcp:recv(C, 0, 50)}.
