%% Selective receive, timeouts, order of messages, guards in receive, receive markers.
-module(proc_receive).
-include("t.hrl").
main() ->
    S = self(), [S ! M || M <- [a, {b, 1}, c, {b, 2}, 5, "s", {b, 3}]],
    ?P(receive {b, N} when N > 1 -> N end),
    ?P(receive X1 when is_integer(X1) -> X1 end),
    ?P(receive "s" -> s end),
    ?P([receive M2 -> M2 end || _ <- [1, 2, 3, 4]]),
    ?P(receive _ -> some after 0 -> none end),
    ?P(receive nothing -> x after 10 -> timeout end),
    ?P(receive after 0 -> zero end),
    ?P(receive after 5 -> five end),
    self() ! now, ?P(receive never -> x after 0 -> not_yet end),
    ?P(receive now -> got after 10000 -> lost end),
    ?P(receive x -> y after ?id(a) -> z end),
    ?P(receive x -> y after ?id(-5) -> z end),
    ?P(receive x -> y after ?id(1 bsl 32) -> z end),
    ?P(receive x -> y after ?id(1.0) -> z end),
    P = spawn(fun() -> receive go -> ok end, [S ! {seq, I} || I <- lists:seq(1, 1000)] end), P ! go,
    ?P([I || {seq, I} <- [receive M3 -> M3 end || _ <- lists:seq(1, 1000)]] =:= lists:seq(1, 1000)),
    [S ! {noise, I} || I <- lists:seq(1, 50000)], ?P(lists:sum([call(I) || I <- lists:seq(1, 500)])),
    ?P(element(2, process_info(S, message_queue_len))),
    ?P(flush(0)),
    ?P(two_loops()),
    ?P(nested()),
    ?P(marker_in_case(make_ref())),
    ?P(reused()),
    ?P(many_senders(20, 200)),
    ?P(inf()),
    ?P(loop_timeout(5)), T0 = erlang:monotonic_time(millisecond), receive after 50 -> ok end,
    ?P(erlang:monotonic_time(millisecond) - T0 >= 50),
    ?P(begin self() ! {big, lists:seq(1, 100000)}, receive {big, L} -> lists:sum(L) end end),
    ?P(begin F = fun(Y) -> Y + 1 end, self() ! F, receive G -> G(1) end end),
    ?P(begin self() ! #{k => V0 = <<0:8000>>}, receive #{k := V} -> V =:= V0 end end).
call(I) -> R = make_ref(), Me = self(), spawn(fun() -> Me ! {R, I} end), receive {R, V} -> V end.
flush(N) -> receive _ -> flush(N + 1) after 0 -> N end.
two_loops() -> self() ! {x, 1}, self() ! {y, 2}, receive {y, A} -> receive {x, B} -> {A, B} end end.
nested() -> S = self(), spawn(fun() -> S ! outer, S ! inner end), receive inner -> receive outer -> both end end.
marker_in_case(R) -> self() ! {other, R}, self() ! {R, hit}, case receive {R, V} -> V after 10000 -> none end of hit -> receive {other, R} -> ok end; none -> bad end.
reused() -> R = make_ref(), S = self(), [S ! {junk, I} || I <- lists:seq(1, 100)], spawn(fun() -> S ! {R, 1}, S ! {R, 2}, S ! {R, 3} end), A = receive {R, X} -> X end, B = receive {R, Y} -> Y end, C = receive {R, Z} -> Z end, {A, B, C, flush(0)}.
many_senders(N, K) -> S = self(), [spawn(fun() -> [S ! {I, J} || J <- lists:seq(1, K)] end) || I <- lists:seq(1, N)], [true = [J || {II, J} <- [receive {I, J0} -> {I, J0} end || _ <- lists:seq(1, K)], II =:= I] =:= lists:seq(1, K) || I <- lists:seq(1, N)], flush(0).
inf() -> S = self(), spawn(fun() -> receive after 20 -> S ! awake end end), receive awake -> woken after infinity -> never end.
loop_timeout(0) -> done;
loop_timeout(N) -> receive impossible -> x after 1 -> loop_timeout(N - 1) end.
