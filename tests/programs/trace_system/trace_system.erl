-module(trace_system).
-compile(nowarn_deprecated_catch).
-export([main/0]).
t(L, F) -> io:format("~p: ~p~n", [L, try F() catch C:E -> {C, E} end]).
main() ->
    S = self(),
    T = spawn(fun Loop() -> receive M -> S ! {tracer, M}, Loop() end end),
    T2 = spawn(fun Loop() -> receive M -> S ! {other, M}, Loop() end end),
    A = trace:session_create(a, T, []),
    B = trace:session_create(b, T2, []),
    t(bad_event, fun() -> trace:system(A, nothing, true) end),
    t(bad_value, fun() -> trace:system(A, long_gc, true) end),
    t(bad_value2, fun() -> trace:system(A, busy_port, 1) end),
    t(bad_value3, fun() -> trace:system(A, long_message_queue, {5, 3}) end),
    t(bad_value4, fun() -> trace:system(A, long_message_queue, 5) end),
    t(bad_value5, fun() -> trace:system(A, large_heap, 0) end),
    t(bad_session, fun() -> trace:system(x, busy_port, true) end),
    t(none, fun() -> trace:info(A, system, all) end),
    t(nothing, fun() -> trace:info(B, system, all) end),
    t(queue, fun() -> trace:system(A, long_message_queue, {3, 6}) end),
    t(queue_b, fun() -> trace:system(B, long_message_queue, {30, 60}) end),
    t(port, fun() -> trace:system(A, busy_port, true) end),
    t(dist, fun() -> trace:system(B, busy_dist_port, true) end),
    t(heap, fun() -> trace:system(B, large_heap, 1000000) end),
    t(schedule, fun() -> trace:system(B, long_schedule, 100000) end),
    t(gc, fun() -> trace:system(B, long_gc, 100000) end),
    t(info_a, fun() -> {system, L} = trace:info(A, system, all), lists:sort(L) end),
    t(info_b, fun() -> {system, L} = trace:info(B, system, all), lists:sort(L) end),
    [t({info, W}, fun() -> trace:info(B, system, W) end)
     || W <- [long_message_queue, busy_port, busy_dist_port, large_heap, long_schedule, long_gc, nothing]],
    t(legacy, fun() -> erlang:system_monitor() end),
    P = spawn(fun() -> queue(S) end),
    [P ! {m, N} || N <- lists:seq(1, 10)],
    t(long, fun() -> next(P) end),
    P ! go,
    t(short, fun() -> next(P) end),
    P ! back,
    t(legacy_set, fun() -> erlang:system_monitor(S, [{long_message_queue, {2, 4}}, busy_port]) end),
    t(legacy_info, fun() -> {S, L} = erlang:system_monitor(), lists:sort(L) end),
    t(still_a, fun() -> {system, L} = trace:info(A, system, all), lists:sort(L) end),
    P2 = spawn(fun() -> queue(S) end),
    [P2 ! {m, N} || N <- lists:seq(1, 10)],
    t(both, fun() -> lists:sort([next(P2), next(P2)]) end),
    t(off, fun() -> trace:system(A, long_message_queue, false) end),
    t(off_twice, fun() -> trace:system(A, long_message_queue, false) end),
    t(off_undefined, fun() -> trace:system(A, busy_port, undefined) end),
    t(off_port, fun() -> trace:system(A, busy_port, false) end),
    t(info_off, fun() -> trace:info(A, system, all) end),
    P2 ! go,
    t(only_legacy, fun() -> next(P2) end),
    t(nothing_more, fun() -> next(P2) end),
    t(legacy_off, fun() -> {S, L} = erlang:system_monitor(undefined), lists:sort(L) end),
    t(b_stays, fun() -> {system, L} = trace:info(B, system, all), lists:sort(L) end),
    t(destroy, fun() -> trace:session_destroy(B) end),
    t(after_destroy, fun() -> trace:system(B, busy_port, true) end),
    %% A session whose tracer is gone.
    C = trace:session_create(c, T2, []),
    t(port_c, fun() -> trace:system(C, busy_port, true) end),
    exit(T2, kill), receive after 100 -> ok end,
    t(gone, fun() -> trace:info(C, system, all) end),
    t(gone_set, fun() -> trace:system(C, busy_port, true) end).

queue(S) ->
    receive go -> ok end,
    [receive {m, _} -> ok end || _ <- lists:seq(1, 10)],
    S ! done,
    receive back -> ok end.

next(P) ->
    receive
        {W, {monitor, P, What, Value}} -> {W, What, Value};
        {monitor, P, What, Value} -> {legacy, What, Value};
        {W, M} when is_tuple(M), element(1, M) =/= monitor -> {W, M}
    after 300 -> nothing end.
