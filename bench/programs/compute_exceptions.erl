-module(compute_exceptions).
-export([run/0]).
run() -> {loop(100000, 0), deep(20000), after_(50000, 0)}.
loop(0, S) -> S;
loop(N, S) -> loop(N - 1, S + (try f(N) catch throw:X -> X; error:badarith -> 2; exit:_ -> 3 end)).
f(N) when N rem 4 =:= 0 -> throw(1);
f(N) when N rem 4 =:= 1 -> N / (N rem 1);
f(N) when N rem 4 =:= 2 -> exit(x);
f(_) -> 4.
deep(0) -> 0;
deep(N) -> (catch down(20)) + deep(N - 1) - 7.
down(0) -> throw(7);
down(N) -> 1 + down(N - 1).
after_(0, S) -> S;
after_(N, S) -> after_(N - 1, try N band 3 of 0 -> S + 1; X -> S + X after ok end).
