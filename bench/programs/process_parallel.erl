-module(process_parallel).
-export([run/0]).
run() -> Me = self(), Rs = [begin R = make_ref(), spawn(fun() -> Me ! {R, fib(15) + length(lists:sort([X * 7919 rem 10007 || X <- lists:seq(1, 500)]))} end), R end || _ <- lists:seq(1, 300)], lists:sum([receive {R, V} -> V end || R <- Rs]).
fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).
