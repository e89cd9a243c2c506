%% A process whose native function runs on a dirty thread, or waits for one, answers and can be ended meanwhile.
-module(proc_dirty_signals).
-export([main/0]).

main() ->
    process_flag(trap_exit, true),
    killed(),
    asked(),
    related(),
    queued(),
    back().

start(Ms) ->
    P = spawn_link(fun() -> erts_debug:dirty_io(wait, Ms), exit(over) end),
    wait_status(P, running),
    P.

wait_status(P, Status) ->
    case process_info(P, [status, current_function]) of
        %% On its dirty thread, not on its way there.
        [{status, Status}, {current_function, {erts_debug, dirty_io, 2}}] -> ok;
        _ -> timer:sleep(1), wait_status(P, Status)
    end.

in_time(F) ->
    T0 = erlang:monotonic_time(millisecond),
    R = F(),
    {R, erlang:monotonic_time(millisecond) - T0 < 2000}.

killed() ->
    P = start(3000),
    Ref = monitor(process, P),
    exit(P, kill),
    io:format("alive ~p~n", [in_time(fun() -> is_process_alive(P) end)]),
    Down = fun() -> receive {'DOWN', Ref, process, P, R} -> R end end,
    io:format("down ~p~n", [in_time(Down)]),
    receive {'EXIT', P, Why} -> io:format("exit ~p~n", [Why]) end,
    io:format("info ~p listed ~p~n", [process_info(P, status), lists:member(P, processes())]),
    P ! nobody,
    io:format("link ~p~n", [catch link(P)]),
    receive {'EXIT', P, No} -> io:format("~p~n", [No]) after 1000 -> io:format("no exit~n") end.

asked() ->
    P = start(3000),
    [P ! I || I <- lists:seq(1, 1000)],
    Ask = fun() -> process_info(P, [message_queue_len, trap_exit, priority]) end,
    io:format("~p~n", [in_time(Ask)]),
    {messages, Ms} = process_info(P, messages),
    io:format("~p~n", [lists:sum(Ms)]),
    io:format("~p~n", [in_time(fun() -> group_leader(self(), P) end)]),
    Me = self(),
    io:format("~p~n", [process_info(P, group_leader) =:= {group_leader, Me}]),
    Uses = fun() -> [erlang:check_process_code(P, M) || M <- [?MODULE, not_there]] end,
    io:format("~p~n", [in_time(Uses)]),
    exit(P, {bad, "luck"}),
    receive {'EXIT', P, Why} -> io:format("~p~n", [Why]) end.

related() ->
    P = start(3000),
    Me = self(),
    Q = spawn(fun() -> link(P), monitor(process, P), Me ! linked, receive never -> ok end end),
    receive linked -> ok end,
    {links, Links} = process_info(P, links),
    io:format("~p~n", [lists:sort(Links) =:= lists:sort([Me, Q])]),
    {monitored_by, By} = process_info(P, monitored_by),
    io:format("~p~n", [By =:= [Q]]),
    Ref = monitor(process, Q),
    exit(P, normal),
    io:format("~p~n", [is_process_alive(P)]),
    exit(P, gone),
    receive {'DOWN', Ref, process, Q, R} -> io:format("~p~n", [R]) end,
    receive {'EXIT', P, W} -> io:format("~p~n", [W]) end.

%% All threads are taken: one waits.
queued() ->
    %% Until the threads are free again.
    timer:sleep(3000),
    N = erlang:system_info(dirty_io_schedulers),
    %% What prints below must not have to be loaded then: that needs such a thread.
    _ = io_lib:format("~p~n", [process_info(self(), [status, message_queue_len])]),
    Ps = [start(15000) || _ <- lists:seq(1, N)],
    P = spawn_link(fun() -> erts_debug:dirty_io(wait, 10), exit(not_reached) end),
    timer:sleep(50),
    io:format("~p~n", [process_info(P, [status, message_queue_len])]),
    exit(P, out_of_line),
    io:format("~p~n", [in_time(fun() -> receive {'EXIT', P, R} -> R end end)]),
    [exit(X, kill) || X <- Ps],
    Ends = fun() -> length([receive {'EXIT', X, _} -> ok end || X <- Ps]) =:= N end,
    io:format("~p~n", [in_time(Ends)]).

%% What came meanwhile is there when it is back; a process that was ended is not.
back() ->
    Me = self(),
    P = spawn_link(fun() ->
        process_flag(trap_exit, true),
        Me ! ready,
        erts_debug:dirty_cpu(wait, 300),
        Me ! {got, all([])}
    end),
    receive ready -> ok end,
    P ! one,
    exit(P, two),
    P ! three,
    receive {got, L} -> io:format("~p~n", [[case M of {'EXIT', Me, R} -> R; M -> M end || M <- L]]) end,
    receive {'EXIT', P, Why} -> io:format("~p~n", [Why]) end.

all(L) ->
    receive M -> all([M | L]) after 100 -> lists:reverse(L) end.
