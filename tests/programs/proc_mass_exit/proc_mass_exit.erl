%% A process with very many links and monitors ends, and one that gets very many signals is asked and ended: others
%% hear of it all, in order, and run meanwhile.
-module(proc_mass_exit).
-export([main/0]).

-define(N, 30000).

main() ->
    process_flag(trap_exit, true),
    hub(),
    watcher(),
    flood().

%% Everybody is linked to one process and watches it.
hub() ->
    Hub = spawn(fun() -> receive stop -> exit({bye, "why"}) end end),
    Me = self(),
    Leaves = [spawn(fun() -> leaf(Me, Hub) end) || _ <- lists:seq(1, ?N)],
    [receive {ready, P} -> ok end || P <- Leaves],
    {links, Links} = process_info(Hub, links),
    {monitored_by, By} = process_info(Hub, monitored_by),
    io:format("~p links, watched by ~p~n", [length(Links), length(By)]),
    Hub ! stop,
    Heard = [receive {heard, P, R} -> R end || P <- Leaves],
    io:format("heard ~p~n", [lists:usort(Heard)]),
    io:format("hub: ~p ~p~n", [is_process_alive(Hub), lists:member(Hub, processes())]).

leaf(Main, Hub) ->
    process_flag(trap_exit, true),
    Ref = monitor(process, Hub),
    link(Hub),
    Main ! {ready, self()},
    receive {'EXIT', Hub, Why} -> ok end,
    receive {'DOWN', Ref, process, Hub, Why} -> ok end,
    Main ! {heard, self(), Why}.

%% One process watches and is linked to all others: they are told when it ends.
watcher() ->
    Me = self(),
    Leaves = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, ?N)],
    Watcher = spawn_link(fun() ->
        [begin monitor(process, P), link(P) end || P <- Leaves],
        Me ! watching,
        receive after infinity -> ok end
    end),
    receive watching -> ok end,
    Refs = [monitor(process, P) || P <- Leaves],
    exit(Watcher, enough),
    receive {'EXIT', Watcher, W} -> io:format("watcher: ~p~n", [W]) end,
    Ends = [receive {'DOWN', R, process, _, Why} -> Why end || R <- Refs],
    io:format("ends ~p~n", [lists:usort(Ends)]).

%% Signals of all kinds pile up while the receiver is suspended; then it handles them in order.
flood() ->
    Me = self(),
    P = spawn_link(fun() -> collect(Me, 0) end),
    erlang:suspend_process(P),
    [begin P ! {n, I}, R = monitor(process, P), demonitor(R) end || I <- lists:seq(1, ?N)],
    [link(P) || _ <- lists:seq(1, 100)],
    P ! done,
    spawn(fun() -> Me ! {info, process_info(P, message_queue_len)} end),
    receive {info, Info} -> io:format("~p~n", [Info]) end,
    erlang:resume_process(P),
    receive {collected, P, N} -> io:format("in order: ~p~n", [N]) end,
    [P ! {n, I} || I <- lists:seq(1, ?N)],
    exit(P, kill),
    io:format("alive: ~p~n", [is_process_alive(P)]),
    receive {'EXIT', P, Why} -> io:format("~p~n", [Why]) end.

collect(Main, Last) ->
    receive
        {n, I} when I =:= Last + 1 -> collect(Main, I);
        done -> Main ! {collected, self(), Last}, receive never -> ok end
    end.
