-module(message_ring).
-export([run/0]).
run() -> Me = self(), First = lists:foldl(fun(_, Next) -> spawn(fun() -> fwd(Next) end) end, Me, lists:seq(1, 500)), First ! {tok, 0}, R = laps(First, 150), First ! stop, receive stop -> R end.
laps(F, L) -> receive {tok, N} when L =:= 0 -> N, {done, F =:= self(), N}; {tok, N} -> F ! {tok, N}, laps(F, L - 1) end.
fwd(Next) -> receive {tok, N} -> Next ! {tok, N + 1}, fwd(Next); stop -> Next ! stop end.
