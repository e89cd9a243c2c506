-module(proc_links).
-include("t.hrl").
main() ->
    process_flag(trap_exit, true),
    ?P([exit_reason(fun() -> exit(R) end) || R <- [normal, shutdown, {a, b}, kill, killed]]),
    ?P(chain(5, boom)),
    ?P(chain(5, normal)),
    ?P(sent(kill)),
    ?P(sent(normal)),
    ?P(sent(shutdown)),
    ?P(trapping(kill)),
    ?P(trapping(normal)),
    ?P(trapping(other)),
    ?P(link_dead()),
    ?P(unlink_flush()),
    ?P(self_exit()),
    ?P(link_self()),
    ?P(exit_self(normal)),
    ?P(exit_self(foo)),
    ?P(exit_self(kill)),
    ?P(double_link()),
    ?P(mutual()),
    ?P(tree(4)),
    ?P(links_info()),
    ?P(trap_toggle()),
    ?P(exit_dead()),
    ?P(link(?id(a))),
    ?P(exit(?id(a), b)),
    ?P(unlink(spawn(fun() -> ok end))),
    ?P(order()),
    ?P(begin self() ! last, receive X -> X end end).
exit_reason(F) -> P = spawn_link(F), receive {'EXIT', P, R} -> R after 10000 -> timeout end.
chain(N, R) -> P = spawn_link(fun() -> mk(N, R) end), receive {'EXIT', P, X} -> {died, X} after 150 -> exit(P, kill), receive {'EXIT', P, X} -> {alive, X} end end.
mk(0, R) -> exit(R);
mk(N, R) -> spawn_link(fun() -> mk(N - 1, R) end), receive x -> x end.
sent(R) -> P = spawn_link(fun() -> receive x -> x end end), exit(P, R), receive {'EXIT', P, X} -> {died, X} after 50 -> A = is_process_alive(P), exit(P, kill), receive {'EXIT', P, _} -> ok end, {alive, A} end.
trapping(R) -> S = self(), P = spawn_link(fun() -> process_flag(trap_exit, true), S ! ready, receive M -> S ! {got, M}, exit(told) end end), receive ready -> ok end, exit(P, R), receive {got, {'EXIT', F, M}} -> receive {'EXIT', P, E} -> {F =:= S, M, E} end; {'EXIT', P, X} -> {died, X} end.
link_dead() -> {P, M} = spawn_monitor(fun() -> ok end), receive {'DOWN', M, _, _, _} -> ok end, L = (catch link(P)), receive {'EXIT', P, R} -> {L, R} after 10000 -> L end.
unlink_flush() -> P = spawn_link(fun() -> receive x -> exit(gone) end end), unlink(P), P ! x, receive {'EXIT', P, R} -> R after 30 -> silent end.
self_exit() -> {P, M} = spawn_monitor(fun() -> process_flag(trap_exit, true), exit(self(), hello), receive {'EXIT', Me, hello} when Me =:= self() -> exit(trapped) end end), receive {'DOWN', M, _, P, R} -> R end.
link_self() -> link(self()).
exit_self(R) -> {P, M} = spawn_monitor(fun() -> exit(self(), R), receive after 20 -> survived end end), receive {'DOWN', M, _, P, X} -> X end.
double_link() -> P = spawn_link(fun() -> receive x -> exit(once) end end), link(P), link(P), P ! x, receive {'EXIT', P, R} -> receive {'EXIT', P, R2} -> {twice, R2} after 20 -> {once, R} end end.
mutual() -> S = self(), A = spawn(fun() -> receive {b, B} -> link(B), S ! linked, receive crash -> exit(crash) end end end), B = spawn(fun() -> receive x -> x end end), M = monitor(process, B), A ! {b, B}, receive linked -> ok end, A ! crash, receive {'DOWN', M, _, B, R} -> R end.
tree(D) -> S = self(), P = spawn(fun() -> node_(D, S) end), Pids = gather((1 bsl (D + 1)) - 1, []), Ms = [{monitor(process, Q), Q} || Q <- Pids], exit(P, boom), lists:usort([receive {'DOWN', M, _, _, R} -> R end || {M, _} <- Ms]).
node_(0, S) -> S ! {me, self()}, receive x -> x end;
node_(D, S) -> S ! {me, self()}, [spawn_link(fun() -> node_(D - 1, S) end) || _ <- [1, 2]], receive x -> x end.
gather(0, A) -> A;
gather(N, A) -> receive {me, P} -> gather(N - 1, [P | A]) end.
links_info() -> P = spawn_link(fun() -> receive x -> x end end), {links, L} = process_info(self(), links), R = lists:member(P, L), unlink(P), {links, L2} = process_info(self(), links), exit(P, kill), {R, lists:member(P, L2)}.
trap_toggle() -> [process_flag(trap_exit, false), process_flag(trap_exit, true), process_flag(trap_exit, true), process_info(self(), trap_exit)].
exit_dead() -> {P, M} = spawn_monitor(fun() -> ok end), receive {'DOWN', M, _, _, _} -> exit(P, kill) end.
order() -> S = self(), P = spawn_link(fun() -> [S ! I || I <- lists:seq(1, 5)], exit(done) end), [receive I when is_integer(I) -> I; {'EXIT', P, R} -> R end || _ <- lists:seq(1, 6)].
