-module(process_spawn).
-export([run/0, child/1]).
run() -> Me = self(), [spawn(?MODULE, child, [Me]) || _ <- lists:seq(1, 20000)], wait(20000), mon(10000).
child(P) -> P ! done.
wait(0) -> ok;
wait(N) -> receive done -> wait(N - 1) end.
mon(0) -> ok;
mon(N) -> {P, M} = spawn_monitor(fun() -> ok end), receive {'DOWN', M, _, P, normal} -> mon(N - 1) end.
