%% Four senders queue a million messages at a receiver that looks at none before all are there.
-module(message_flood).
-export([run/0]).
run() ->
    Me = self(),
    P = spawn_link(fun() -> receive go -> Me ! {sum, recv(1000000, 0)} end end),
    Ss = [spawn_monitor(fun() -> send(P, S, 250000) end) || S <- lists:seq(1, 4)],
    [receive {'DOWN', M, _, _, normal} -> ok end || {_, M} <- Ss],
    P ! go,
    receive {sum, S} -> S end.
send(_, _, 0) -> ok;
send(P, S, N) -> P ! {v, S, N}, send(P, S, N - 1).
recv(0, S) -> S;
recv(N, S) -> receive {v, I, J} -> recv(N - 1, S + I * J) end.
