-module(message_many_to_one).
-export([run/0]).
run() -> Me = self(), [spawn(fun() -> [Me ! {v, I, J} || J <- lists:seq(1, 500)] end) || I <- lists:seq(1, 200)], recv(100000, 0).
recv(0, S) -> S;
recv(N, S) -> receive {v, I, J} -> recv(N - 1, S + I * J) end.
