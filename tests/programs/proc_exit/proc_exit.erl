%% What the world sees of a process that ends: reasons, name, tables, links, timers, messages.
-module(proc_exit).
-include("t.hrl").
main() ->
    logger:set_primary_config(level, none),
    ?P([down(F) || F <- [fun() -> ok end, fun() -> exit(a) end, fun() -> throw(b) end, fun() -> error(c) end, fun() -> 1 = ?id(2) end, fun() -> exit(normal) end, fun() -> exit(kill) end, fun() -> receive after infinity -> x end end, fun() -> apply(fun(_) -> x end, []) end]]),
    P = spawn(fun() -> register(exiting, self()), T = ets:new(exiting_tab, [named_table, public]), ets:insert(T, {x}), receive stop -> ok end end), wait(fun() -> ets:whereis(exiting_tab) =/= undefined end), M = monitor(process, P), P ! stop, receive {'DOWN', M, _, _, _} -> ok end, ?P({whereis(exiting), ets:whereis(exiting_tab), is_process_alive(P)}),
    ?P(P ! to_the_dead),
    ?P(exiting ! x),
    process_flag(trap_exit, true), L = [spawn_link(fun() -> receive x -> x end end) || _ <- lists:seq(1, 100)], [exit(X, {r, I}) || {X, I} <- lists:zip(L, lists:seq(1, 100))], ?P(lists:sum([receive {'EXIT', X, {r, I}} -> I end || X <- L])),
    ?P(receive Z -> Z after 0 -> none end), K = spawn_link(fun() -> process_flag(trap_exit, true), spin() end), exit(K, kill),
    ?P(receive {'EXIT', K, R} -> R end), Q = spawn_link(fun() -> spin() end), exit(Q, stop),
    ?P(receive {'EXIT', Q, R2} -> R2 end), W = spawn_link(fun() -> process_flag(trap_exit, true), S0 = element(2, process_info(self(), parent)), S0 ! up, receive {'EXIT', _, got} -> exit(clean) end end), receive up -> ok end, exit(W, got),
    ?P(receive {'EXIT', W, R3} -> R3 end),
    ?P(big_reason()).
down(F) -> {P, M} = spawn_monitor(F), receive {'DOWN', M, process, P, {R, St}} when is_list(St) -> {R, [{Mo, A} || {Mo, _, A, _} <- lists:sublist(St, 1)]}; {'DOWN', M, process, P, R} -> R after 50 -> exit(P, kill), receive {'DOWN', M, _, _, R} -> {hung, R} end end.
wait(F) -> case F() of true -> ok; _ -> erlang:yield(), wait(F) end.
spin() -> spin().
big_reason() -> {P, M} = spawn_monitor(fun() -> exit(lists:seq(1, 100000)) end), receive {'DOWN', M, _, P, R} -> length(R) end.
