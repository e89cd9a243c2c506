-module(proc_flags).
-include("t.hrl").
main() ->
    ?P(process_flag(priority, high)),
    ?P(process_flag(priority, normal)),
    ?P(process_flag(min_heap_size, 500) > 0),
    ?P(process_flag(fullsweep_after, 10)),
    ?P(process_flag(message_queue_data, off_heap)),
    ?P(process_flag(message_queue_data, on_heap)),
    ?P(process_flag(error_handler, error_handler)),
    ?P(process_flag(save_calls, 10)),
    ?P(process_flag(save_calls, 0)),
    ?P(process_flag(sensitive, false)),
    ?P(process_flag(max_heap_size, 0)),
    ?P(process_flag(?id(x), y)),
    ?P(process_flag(priority, bogus)),
    ?P(process_flag(async_dist, false)), logger:set_primary_config(level, none),
    {P, M} = spawn_opt(fun() -> grow([]) end, [monitor, {max_heap_size, #{size => 100000, kill => true, error_logger => false}}]),
    ?P(receive {'DOWN', M, _, P, R} -> R end), {P2, M2} = spawn_opt(fun() -> exit({still, length(lists:seq(1, 100000))}) end, [monitor, {max_heap_size, #{size => 10000, kill => false, error_logger => false}}]),
    ?P(receive {'DOWN', M2, _, P2, R2} -> R2 end),
    Sp = spawn(fun() -> busy() end),
    ?P(erlang:suspend_process(Sp)),
    ?P(process_info(Sp, status)),
    ?P(erlang:suspend_process(Sp, [unless_suspending])),
    ?P(erlang:suspend_process(Sp)),
    ?P(erlang:resume_process(Sp)),
    ?P(process_info(Sp, status)),
    ?P(erlang:resume_process(Sp)),
    ?P(element(2, process_info(Sp, status)) =/= suspended),
    ?P(erlang:resume_process(Sp)), exit(Sp, kill),
    ?P(erlang:yield()),
    ?P(erlang:bump_reductions(100)),
    ?P(is_integer(erlang:system_info(process_count))), Gl = group_leader(), G = spawn(fun() -> gl([]) end), group_leader(G, self()),
    ?P(ok), io:format("captured ~p", [text]), group_leader(Gl, self()), G ! {done, self()}, ?P(receive {out, O} -> O end), S = self(), spawn(fun() -> S ! {gl, group_leader() =:= Gl} end),
    ?P(receive {gl, X} -> X end),
    ?P(prio()).
grow(L) -> grow([lists:seq(1, 1000) | L]).
busy() -> receive stop -> ok after 0 -> busy() end.
gl(A) -> receive {io_request, F, R, {put_chars, E, M, Fu, As}} -> F ! {io_reply, R, ok}, gl([A, {E, apply(M, Fu, As)}]); {io_request, F, R, {put_chars, E, C}} -> F ! {io_reply, R, ok}, gl([A, {E, C}]); {io_request, F, R, _} -> F ! {io_reply, R, {error, request}}, gl(A); {done, P} -> P ! {out, [iolist_to_binary(C) || {_, C} <- lists:flatten([A])]} end.
prio() -> S = self(), Ps = [spawn_opt(fun() -> receive go -> ok end, S ! {done, Pr} end, [{priority, Pr}]) || Pr <- [low, normal, high, max]], [P ! go || P <- Ps], lists:sort([receive {done, Pr} -> Pr end || _ <- Ps]).
