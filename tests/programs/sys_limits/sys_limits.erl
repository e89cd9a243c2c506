%% What a node does at its limits: of processes, ports, atoms and heaps. Each in a node of its own.
%% (TEST_ERL: the `erl` for those nodes, where the one on PATH is another.)
-module(sys_limits).
-export([main/0, processes/0, ports/0, atoms/0, tables/0, kill/0, log/0]).

main() ->
    [node(F, Flags) || {F, Flags} <-
        [{processes, "+P 1024"}, {ports, "+Q 1024"}, {atoms, "+t 30000"}, {tables, "+e 300"},
         {kill, "+hmax 1000000"}, {log, "+hmax 1000000 +hmaxk false"}, {kill, "+hmax 1000000 +hmaxel false +hmaxib true"}]].

node(Function, Flags) ->
    Dump = filename:absname(atom_to_list(Function) ++ ".dump"),
    _ = file:delete(Dump),
    Erl = os:getenv("TEST_ERL", "erl"),
    Command = ["ERL_CRASH_DUMP=", Dump, " ERL_CRASH_DUMP_SECONDS=30 ERL_CRASH_DUMP_BYTES=1000000 ", Erl, " ", Flags, " -noshell -pa . -s sys_limits ",
               atom_to_list(Function), " -s erlang halt 2>&1; S=$?; echo; echo status $S"],
    Out = os:cmd(lists:flatten(Command)),
    io:format("== ~s ~s~n~ts", [Function, Flags, lists:append([L ++ "\n" || L <- string:split(Out, "\n", all), keep(L)])]),
    case file:read_file(Dump) of
        {ok, <<"=erl_crash_dump:0.5\n", Rest/binary>>} ->
            [_, Slogan | _] = binary:split(Rest, <<"\n">>, [global]),
            io:format("~s~n", [plain(Slogan)]);
        {ok, _} -> io:format("no dump~n");
        {error, E} -> io:format("dump: ~p~n", [E])
    end.

%% What is the same on every machine.
keep("") -> false;
keep(L) -> lists:any(fun(P) -> lists:prefix(P, L) end, ["> ", "status"]).

%% Which allocation fails is chance.
plain(B) ->
    lists:foldl(fun({R, W}, A) -> re:replace(A, R, W, [global, {return, list}]) end, B,
                [{"[0-9]+", "N"}, {"\\w+_alloc:", "ALLOCATOR:"}, {"of type \".*\"", "of type TYPE"}]).

say(F, A) -> io:format("> " ++ F ++ "~n", A).

until_full(F) ->
    try F() of X -> [X | until_full(F)]
    catch C:R -> say("~p ~p", [C, R]), [] end.

processes() ->
    logger:set_primary_config(level, none),
    Before = erlang:system_info(process_count),
    All = until_full(fun() -> spawn_opt(fun() -> receive stop -> ok end end, [monitor]) end),
    Limit = erlang:system_info(process_limit),
    say("~p ~p", [Limit, length(All) =:= Limit - Before]),
    say("~p", [element(1, element(2, catch spawn_link(fun() -> ok end)))]),
    {P, R} = hd(All), P ! stop,
    receive {'DOWN', R, _, _, _} -> ok end,
    timer:sleep(20),
    {_, R2} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', R2, _, _, Why} -> say("~p", [Why]) end.

ports() ->
    Before = length(erlang:ports()),
    All = until_full(fun() -> open_port({spawn_driver, "ram_file_drv"}, []) end),
    Limit = erlang:system_info(port_limit),
    say("~p ~p", [Limit, length(All) =:= Limit - Before]),
    port_close(hd(All)),
    say("~p", [is_port(open_port({spawn_driver, "ram_file_drv"}, []))]).

atoms() ->
    say("~p", [erlang:system_info(atom_limit)]),
    [list_to_atom("an_atom_" ++ integer_to_list(N)) || N <- lists:seq(1, 40000)],
    say("~p", [unreachable]).

tables() ->
    All = until_some(400, fun() -> ets:new(t, []) end),
    say("~p ~p", [erlang:system_info(ets_limit), length(All)]).

until_some(0, _) -> [];
until_some(N, F) -> [F() | until_some(N - 1, F)].

grow() ->
    logger:set_primary_config(level, none),
    spawn_monitor(fun() -> exit({grown, length(lists:foldl(fun(X, A) -> [X | A] end, [], lists:seq(1, 3000000)))}) end).

kill() ->
    say("~0p", [erlang:system_info(max_heap_size)]),
    {_, R} = grow(),
    receive {'DOWN', R, _, _, Why} -> say("~p", [Why]) end.

log() -> kill().
