%% Signals of the operating system that end a node: what it prints, its status, its dump.
%% (TEST_ERL: the `erl` of those nodes, where the one on PATH is another.)
-module(sys_os_signals).
-export([main/0, node/0]).

main() ->
    [run(Signal, How) || {Signal, How} <- [{"TERM", "default"}, {"TERM", "ignore"}, {"USR1", "default"}, {"USR1", "handle"},
                                           {"HUP", "default"}, {"QUIT", "default"}, {"QUIT", "ignore"}]].

run(Signal, How) ->
    [file:delete(F) || F <- ["ready", "signal.dump"]],
    Erl = os:getenv("TEST_ERL", "erl"),
    Out = os:cmd("ERL_CRASH_DUMP=signal.dump ERL_CRASH_DUMP_SECONDS=30 " ++ Erl ++ " -noshell -pa . -s sys_os_signals node -extra " ++ How ++
                     " > out 2>&1 & P=$!; while [ ! -f ready ]; do sleep 0.05; done; kill -" ++ Signal ++ " $P; wait $P; "
                     "echo status $?; cat out"),
    Lines = [L || L <- string:split(Out, "\n", all), lists:prefix("status", L) orelse lists:prefix("> ", L)
                      orelse string:find(L, "SIG") =/= nomatch],
    io:format("== ~s ~s~n~ts", [Signal, How, [[time_gone(L), $\n] || L <- Lines]]),
    case file:read_file("signal.dump") of
        {ok, B} -> io:format("~ts~n", [lists:nth(3, binary:split(B, <<"\n">>, [global]))]);
        {error, E} -> io:format("~p~n", [E])
    end.

time_gone(L) -> re:replace(L, "[0-9-]+[T ][0-9:.]+", "TIME", [{return, list}]).

node() ->
    Signal = fun(S) -> os:set_signal(S, ignore) end,
    case init:get_plain_arguments() of
        ["ignore"] ->
            [Signal(S) || S <- [sigterm, sigquit]],
            spawn(fun() -> timer:sleep(1500), io:format("> alive~n"), halt(3) end);
        ["handle"] ->
            os:set_signal(sigusr1, handle),
            gen_event:delete_handler(erl_signal_server, erl_signal_handler, []),
            spawn(fun() -> timer:sleep(1500), io:format("> alive~n"), halt(3) end);
        _ -> ok
    end,
    ok = file:write_file("ready", <<>>).
