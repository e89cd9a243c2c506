%% Fairness and preemption: endless loops of every kind must not keep others from running.
-module(proc_sched).
-export([ext/1]).
-include("t.hrl").
main() ->
    Spinners = [spawn(F) || F <- [fun loop/0, fun() -> ext(0) end, fun() -> lc() end, fun() -> lists:foreach(fun(_) -> ok end, lists:seq(1, 100000000 div 20)), loop() end, fun() -> bif() end, fun() -> msg() end, fun() -> bin(<<>>, 0) end, fun() -> exc() end]],
    ?P([begin receive after 5 -> ok end, I end || I <- lists:seq(1, 10)]),
    ?P(call()),
    ?P(length([P || P <- Spinners, is_process_alive(P)])), [exit(P, kill) || P <- Spinners], Ms = [monitor(process, P) || P <- Spinners], ?P(length([receive {'DOWN', M, _, _, _} -> ok end || M <- Ms])),
    ?P(erlang:system_info(schedulers_online) >= 1),
    ?P(erlang:system_info(dirty_cpu_schedulers) >= 1),
    ?P(is_integer(erlang:statistics(run_queue))),
    ?P(is_list(erlang:statistics(run_queue_lengths))),
    ?P(erlang:system_info(multi_scheduling)),
    ?P(erlang:system_flag(multi_scheduling, block)),
    ?P(erlang:system_flag(multi_scheduling, unblock)), O = erlang:system_info(schedulers_online),
    ?P(erlang:system_flag(schedulers_online, 1) =:= O),
    ?P(call()),
    ?P(erlang:system_flag(schedulers_online, O)).
loop() -> loop().
ext(N) -> ?MODULE:ext(N + 1).
lc() -> [X || X <- lists:seq(1, 1000)], lc().
bif() -> erlang:phash2(lists:seq(1, 100)), bif().
msg() -> self() ! x, receive x -> msg() end.
bin(B, 1000) -> bin(<<>>, byte_size(B) * 0);
bin(B, N) -> bin(<<B/binary, N>>, N + 1).
exc() -> catch throw(x), exc().
call() -> S = self(), P = spawn(fun() -> receive {F, R} -> F ! {R, ok} end end), R = make_ref(), P ! {S, R}, receive {R, ok} -> answered after 10000 -> starved end.
