%% Request and reply with a reference while the mailbox is full of other messages.
-module(message_reply).
-export([run/0]).
run() -> [self() ! {noise, I} || I <- lists:seq(1, 100000)], S = spawn(fun server/0), R = calls(S, 20000, 0), S ! stop, {R, flush(0)}.
calls(_, 0, S) -> S;
calls(P, N, S) -> M = monitor(process, P), P ! {self(), M, N}, receive {M, X} -> demonitor(M, [flush]), calls(P, N - 1, S + X) end.
server() -> receive {F, R, X} -> F ! {R, X}, server(); stop -> ok end.
flush(N) -> receive {noise, _} -> flush(N + 1) after 0 -> N end.
