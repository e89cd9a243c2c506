-module(proc_priority).
-compile(nowarn_deprecated_catch).
-export([main/0]).

t(L, F) -> io:format("~p: ~p~n", [L, try F() catch C:E -> {C, E} end]).
all() -> receive M -> [M | all()] after 0 -> [] end.
enabled(P) -> process_info(P, priority_messages).
main() ->
    S = self(),
    t(start, fun() -> enabled(S) end),
    Options = [[], [priority], [explicit_unalias, priority], [priority, reply], [priority, priority], [foo],
               [priority | foo]],
    [t({alias, O}, fun() -> unalias(alias(O)) end) || O <- Options],
    t(none_left, fun() -> enabled(S) end),
    A = alias([priority]),
    t(enabled, fun() -> enabled(S) end),
    S ! one, S ! two,
    t(send, fun() -> erlang:send(A, p1, [priority]) end),
    erlang:send(A, o1, []),
    erlang:send(A, p2, [priority, nosuspend, noconnect]),
    A ! o2,
    t(pid, fun() -> erlang:send(S, o3, [priority]) end),
    t(name, fun() -> erlang:send(no_such_name, o3, [priority]) end),
    t(bad, fun() -> erlang:send(S, o3, [priority, high]) end),
    t(messages, fun() -> process_info(S, messages) end),
    t(len, fun() -> process_info(S, message_queue_len) end),
    t(all, fun all/0),
    %% A reply alias ends with its first message.
    R = alias([reply, priority]),
    S ! one,
    erlang:send(R, r1, [priority]), erlang:send(R, r2, [priority]),
    t(reply, fun all/0),
    unalias(A),
    erlang:send(A, late, [priority]),
    t(unaliased, fun all/0),
    t(disabled, fun() -> enabled(S) end),
    %% Monitors.
    t(monitor_bad, fun() -> monitor(process, S, [priority, high]) end),
    P1 = spawn(fun() -> receive stop -> exit(stopped) end end),
    M1 = monitor(process, P1, [priority]),
    M2 = monitor(process, P1, [{tag, tagged}, priority, {alias, demonitor}]),
    M3 = monitor(process, P1),
    t(monitor_enabled, fun() -> enabled(S) end),
    S ! first, P1 ! stop, wait(3),
    t(downs, fun() -> [case M of {X, Ref, process, _, Why} -> {X, name(Ref, [{m1, M1}, {m2, M2}, {m3, M3}]), Why};
                            _ -> M end || M <- all()] end),
    t(monitors_gone, fun() -> enabled(S) end),
    %% A monitor of what is not there.
    S ! first,
    M4 = monitor(process, P1, [priority]), wait(2),
    t(noproc, fun() -> [case M of {X, Ref, process, P, Why} -> {X, Ref =:= M4, P =:= P1, Why}; _ -> M end || M <- all()] end),
    M5 = monitor(process, S, [{alias, explicit_unalias}]),
    S ! first, erlang:send(M5, ordinary, [priority]),
    t(monitor_of_itself, fun all/0), unalias(M5),
    P2 = spawn(fun() -> receive stop -> ok end end),
    %% The option of the monitor is not one of its alias.
    M6 = monitor(process, P2, [{alias, reply_demonitor}, priority]),
    S ! first, erlang:send(M6, priority, [priority]), erlang:send(M6, priority, [priority]),
    t(monitor_alias, fun all/0),
    t(demonitored, fun() -> demonitor(M6, [info]) end),
    %% Links.
    process_flag(trap_exit, true),
    t(link_bad, fun() -> link(P2, [high]) end),
    t(link, fun() -> link(P2, [priority]) end),
    t(link_enabled, fun() -> enabled(S) end),
    S ! first, P2 ! stop, wait(2),
    t(exits, fun() -> [case M of {'EXIT', P, W} -> {'EXIT', P =:= P2, W}; _ -> M end || M <- all()] end),
    t(link_gone, fun() -> enabled(S) end),
    P3 = spawn(fun() -> receive stop -> ok end end),
    link(P3), link(P3, [priority]), S ! first, P3 ! stop, wait(2),
    t(twice, fun() -> [element(1, {M}) =:= first || M <- all()] end),
    P4 = spawn(fun() -> receive stop -> ok end end),
    link(P4, [priority]), link(P4), S ! first, P4 ! stop, wait(2),
    t(twice2, fun() -> [element(1, {M}) =:= first || M <- all()] end),
    S ! first, t(nobody, fun() -> link(P4, [priority]) end),
    t(nobody_order, fun() -> [element(1, {M}) =:= first || M <- all()] end),
    P5 = spawn_opt(fun() -> receive stop -> ok end end, [{link, [priority]}]),
    S ! first, P5 ! stop, wait(2),
    t(spawn_link, fun() -> [element(1, {M}) =:= first || M <- all()] end),
    {P6, _} = spawn_opt(fun() -> receive stop -> ok end end, [{monitor, [priority]}]),
    S ! first, P6 ! stop, wait(2),
    t(spawn_monitor, fun() -> [element(1, {M}) =:= first || M <- all()] end),
    t(spawn_bad, fun() -> spawn_opt(fun() -> ok end, [{link, [high]}]) end),
    P7 = spawn_opt(fun() -> receive stop -> ok end end, [{link, []}]),
    S ! first, P7 ! stop, wait(2),
    t(spawn_link_empty, fun() -> [element(1, {M}) =:= first || M <- all()] end),
    %% Exit signals.
    B = alias([priority]),
    S ! first,
    t(exit_alias, fun() -> exit(B, e1, [priority]) end),
    t(exit_alias_2, fun() -> exit(B, e2) end),
    t(exit_alias_ordinary, fun() -> exit(B, e3, []) end),
    t(exit_pid, fun() -> exit(S, e4, [priority]) end),
    t(exit_bad, fun() -> exit(S, e5, [high]) end),
    t(exit_kill_ignored, fun() -> exit(B, normal, [priority]) end),
    t(exits_by_alias, fun() -> [case M of {'EXIT', P, W} -> {'EXIT', P =:= S, W}; _ -> M end || M <- all()] end),
    unalias(B),
    t(exit_unaliased, fun() -> exit(B, e6, [priority]) end),
    t(exit_make_ref, fun() -> exit(make_ref(), e6, [priority]) end),
    t(exits_unaliased, fun all/0),
    t(exit_signal, fun() -> erlang:exit_signal(alias([priority]), e7, [priority]) end),
    t(exit_signal_got, fun() -> [case M of {'EXIT', P, W} -> {'EXIT', P =:= S, W}; _ -> M end || M <- all()] end),
    P8 = spawn(fun() -> A8 = alias([priority]), S ! {alias, A8}, receive never -> ok end end),
    A8 = receive {alias, X8} -> X8 end,
    M8 = monitor(process, P8),
    exit(A8, kill, [priority]),
    t(killed, fun() -> receive {'DOWN', M8, _, _, W8} -> W8 after 2000 -> alive end end),
    receive_order(),
    io:format("~p~n", [lists:keyfind(priority_messages, 1, process_info(S))]).

%% A receive that has looked at ordinary messages sees a priority message that comes meanwhile, and goes on behind.
receive_order() ->
    S = self(),
    A = alias([priority]),
    [S ! {ordinary, N} || N <- lists:seq(1, 5)],
    spawn(fun() -> receive after 50 -> ok end, S ! {ordinary, 6}, erlang:send(A, {urgent, 1}, [priority]) end),
    t(urgent, fun() -> receive {urgent, N} -> N after 2000 -> none end end),
    Ref = monitor(process, spawn(fun() -> receive after 50 -> ok end end), [priority]),
    t(reference, fun() -> receive {'DOWN', Ref, _, _, Why} -> Why after 2000 -> none end end),
    [erlang:send(A, {urgent, N}, [priority]) || N <- lists:seq(2, 4)],
    wait(9),
    t(last, fun() -> receive {ordinary, N} when N > 5 -> N after 2000 -> none end end),
    t(third, fun() -> receive {urgent, 3} -> 3 after 2000 -> none end end),
    erlang:garbage_collect(),
    erlang:send(A, {urgent, lists:duplicate(3, a)}, [priority]),
    wait(8),
    t(rest, fun all/0),
    t(timeout, fun() -> receive nothing -> ok after 10 -> timeout end end),
    spawn(fun() -> receive after 30 -> ok end, erlang:send(A, {urgent, 9}, [priority]) end),
    t(hibernated, fun() -> erlang:hibernate(), all() end),
    unalias(A).

name(R, L) -> element(1, lists:keyfind(R, 2, L)).
wait(N) ->
    case process_info(self(), message_queue_len) of
        {_, L} when L > N -> ok;
        {_, L} when L =:= N -> receive after 20 -> ok end;
        _ -> receive after 5 -> ok end, wait(N)
    end.
