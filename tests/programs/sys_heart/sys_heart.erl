%% heart restarts what ends without having said so, and leaves alone what ends as it should.
%% (TEST_ERL: the `erl` of those nodes, where the one on PATH is another.)
-module(sys_heart).
-export([main/0, node/0]).

main() ->
    _ = file:delete("restarted"),
    io:format("killed: ~p~n", [run("kill")]),
    io:format("halted: ~p~n", [run("halt")]),
    io:format("stopped: ~p~n", [run("stop")]),
    io:format("crashed: ~p~n", [run("crash")]).

run(How) ->
    Erl = os:getenv("TEST_ERL", "erl"),
    Out = os:cmd("ERL_CRASH_DUMP_SECONDS=0 HEART_COMMAND='echo again >> restarted' " ++ Erl ++
                     " -heart -noshell -pa . -s sys_heart node -extra " ++ How ++ " 2>/dev/null"),
    {[L || L <- string:split(Out, "\n", all), lists:prefix("> ", L)], restarted(expected(How), 100)}.

expected("kill") -> true;
expected("halt") -> true;
expected("crash") -> true;
expected(_) -> false.

%% Waits for a restart if there is to be one, else long enough to see one.
restarted(Expected, N) ->
    case file:read_file("restarted") of
        {ok, <<"again\n">>} -> ok = file:delete("restarted"), true;
        _ when N =:= 0; not Expected, N =:= 60 -> false;
        _ -> timer:sleep(50), restarted(Expected, N - 1)
    end.

node() ->
    io:format("> ~p~n", [heart:get_cmd()]),
    ok = heart:set_cmd("echo again >> restarted"),
    io:format("> ~p ~p~n", [heart:get_cmd(), is_pid(whereis(heart))]),
    ok = heart:clear_cmd(),
    io:format("> ~p ~p~n", [heart:get_cmd(), heart:get_options()]),
    ok = heart:set_cmd("echo again >> restarted"),
    case init:get_plain_arguments() of
        ["kill"] -> os:cmd("kill -9 " ++ os:getpid());
        ["halt"] -> halt(0);
        ["stop"] -> init:stop();
        ["crash"] -> erlang:halt("on purpose")
    end.
