-module(process_timers).
-export([run/0]).
run() -> Rs = [erlang:send_after(100000 + I, self(), x) || I <- lists:seq(1, 20000)], N = length([1 || R <- Rs, erlang:cancel_timer(R) =/= false]), T = [erlang:start_timer(1, self(), I) || I <- lists:seq(1, 3000)], S = lists:sum([receive {timeout, R, I} -> I end || R <- T]), {N, S, outs(20000)}.
outs(0) -> ok;
outs(N) -> receive never -> x after 0 -> outs(N - 1) end.
