-module(process_links).
-export([run/0]).
run() -> process_flag(trap_exit, true), S = churn(8000, 0), Ps = [spawn_link(fun() -> receive stop -> exit(bye) end end) || _ <- lists:seq(1, 5000)], [P ! stop || P <- Ps], {S, length([receive {'EXIT', P, bye} -> ok end || P <- Ps])}.
churn(0, S) -> S;
churn(N, S) -> P = spawn_link(fun() -> exit({r, N}) end), receive {'EXIT', P, {r, N}} -> churn(N - 1, S + N) end.
