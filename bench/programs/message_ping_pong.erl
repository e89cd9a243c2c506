-module(message_ping_pong).
-export([run/0]).
run() -> P = spawn_link(fun pong/0), ping(P, 60000), P ! stop, ok.
ping(_, 0) -> ok;
ping(P, N) -> P ! {self(), N}, receive {P, N} -> ping(P, N - 1) end.
pong() -> receive {F, N} -> F ! {self(), N}, pong(); stop -> ok end.
