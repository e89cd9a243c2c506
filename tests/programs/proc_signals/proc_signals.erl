%% Ordering between messages and other signals of one pair of processes; exit signals against receive markers and busy processes.
-module(proc_signals).
-include("t.hrl").
main() ->
    process_flag(trap_exit, true), S = self(),
    ?P([begin P = spawn_link(fun() -> S ! 1, S ! 2, exit(three) end), [receive 1 -> a; 2 -> b; {'EXIT', P, three} -> c end || _ <- [1, 2, 3]] end || _ <- lists:seq(1, 5)]),
    ?P(lists:usort([begin P = spawn_link(fun() -> rcv() end), P ! a, exit(P, b), P ! c, receive {'EXIT', P, R} -> R end end || _ <- lists:seq(1, 300)])),
    ?P(lists:usort([unl() || _ <- lists:seq(1, 300)])),
    ?P(lists:usort([mon() || _ <- lists:seq(1, 300)])),
    ?P(storm(200)),
    ?P(alive_kill()),
    ?P(pi()),
    ?P(gcs()),
    ?P(lists:usort([al() || _ <- lists:seq(1, 100)])),
    ?P(begin flush(), receive X -> X after 0 -> none end end).
rcv() -> receive c -> exit(got_c); _ -> rcv() end.
unl() -> P = spawn_link(fun() -> receive go -> exit(bye) end end), P ! go, unlink(P), receive {'EXIT', P, _} -> ok after 0 -> ok end, receive {'EXIT', P, _} -> bad after 0 -> ok end.
mon() -> P = spawn(fun() -> receive x -> x end end), M = monitor(process, P), exit(P, r), receive {'DOWN', M, _, P, R} -> R end.
storm(N) -> S = self(), Ps = [spawn_link(fun() -> receive go -> ok end, [S ! {I, J} || J <- lists:seq(1, 20)], exit(I) end) || I <- lists:seq(1, N)], [P ! go || P <- Ps], lists:sum([begin L = [receive {I, J} -> J end || _ <- lists:seq(1, 20)], L = lists:seq(1, 20), receive {'EXIT', P, I} -> I end end || {P, I} <- lists:zip(Ps, lists:seq(1, N))]).
alive_kill() -> P = spawn(fun() -> receive x -> x end end), A = is_process_alive(P), exit(P, kill), B = is_process_alive(P), {A, B}.
pi() -> P = spawn(fun() -> receive never -> x end end), [P ! I || I <- lists:seq(1, 10)], R = process_info(P, messages), exit(P, kill), {R, process_info(P, messages)}.
gcs() -> P = spawn(fun() -> L = lists:seq(1, 1000), receive x -> L end end), R = erlang:garbage_collect(P), R2 = erlang:garbage_collect(P, [{async, id}]), R3 = receive {garbage_collect, id, V} -> V end, exit(P, kill), {R, R2, R3}.
al() -> S = self(), A = alias([reply]), [spawn(fun() -> A ! {r, A, I} end) || I <- [1, 2, 3, 4]], receive {r, A, _} -> ok end, receive {r, A, _} -> twice after 2 -> S, once end.
flush() -> receive _ -> flush() after 10 -> ok end.
