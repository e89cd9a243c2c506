%% What an urgent process asks of one of low priority does not wait for busy ones in between; and what may wait
%% does. System tasks of low priority have their turn among others.
-module(proc_urgent).
-export([main/0]).

main() ->
    inversion(),
    asynchronous(),
    collecting().

loop() -> loop().

hogs(Priority) ->
    Me = self(),
    Hogs = [spawn_opt(fun() -> Me ! {self(), runs}, loop() end, [{priority, Priority}, monitor])
            || _ <- lists:seq(1, 2 * erlang:system_info(schedulers_online))],
    [receive {P, runs} -> ok end || {P, _} <- Hogs],
    Hogs.

stop(All) ->
    [exit(P, kill) || {P, _} <- All],
    [receive {'DOWN', R, process, P, killed} -> ok end || {P, R} <- All],
    ok.

inversion() ->
    Old = process_flag(priority, max),
    Low = spawn_opt(fun loop/0, [{priority, low}, monitor]),
    Hogs = hogs(high),
    {P, _} = Low,
    Answers = [erlang:garbage_collect(P),
               erlang:check_process_code(P, no_such_module),
               process_info(P, [priority, trap_exit]),
               is_process_alive(P),
               stop([Low | Hogs])],
    process_flag(priority, Old),
    %% Who prints is not as urgent.
    io:format("~p~n", [Answers]).

asynchronous() ->
    P = spawn_link(fun() -> receive never -> ok end end),
    Refs = [make_ref() || _ <- lists:seq(1, 100)],
    io:format("~p~n", [lists:usort([garbage_collect(P, [{async, R}, {type, minor}]) || R <- Refs])]),
    io:format("~p~n", [lists:usort([receive {garbage_collect, R, A} -> A end || R <- Refs])]),
    async = check_process_code(P, lists, [{async, mine}, {allow_gc, true}]),
    receive {check_process_code, mine, B} -> io:format("~p~n", [B]) end,
    erlang:suspend_process(P),
    io:format("suspended: ~p~n", [garbage_collect(P)]),
    unlink(P),
    exit(P, kill),
    io:format("gone: ~p ~p~n", [garbage_collect(P), garbage_collect(P, [{async, late}])]),
    receive {garbage_collect, late, C} -> io:format("~p~n", [C]) end.

%% Many ask a busy process to collect: it does, and goes on with its work.
collecting() ->
    Me = self(),
    P = spawn_link(fun() -> work(lists:seq(1, 1000), 0) end),
    Pairs = [spawn_monitor(fun() -> exit(garbage_collect(P)) end) || _ <- lists:seq(1, 1000)],
    io:format("~p~n", [lists:usort([receive {'DOWN', R, process, Q, A} -> A end || {Q, R} <- Pairs])]),
    P ! {Me, sum},
    receive {sum, S} -> io:format("~p~n", [S]) end.

work(L, N) ->
    L2 = lists:reverse([X || X <- lists:reverse(L)]),
    receive {From, sum} -> From ! {sum, lists:sum(L)} after 0 -> work(L2, N + 1) end.
