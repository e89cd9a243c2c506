%% A receiver with its message queue off heap, four senders, a backlog that grows and shrinks while it collects garbage.
-module(message_off_heap).
-export([run/0]).
run() ->
    Me = self(),
    {P, _} = spawn_opt(fun() -> Me ! {sum, recv(200000, 0, [])} end, [monitor, {message_queue_data, off_heap}]),
    [spawn(fun() -> send(P, S, 50000) end) || S <- lists:seq(1, 4)],
    receive {sum, S} -> S end.
send(_, _, 0) -> ok;
send(P, S, N) -> P ! {v, S, [N, N + 1, N + 2], "some text"}, send(P, S, N - 1).
recv(0, S, L) -> S + length(L);
recv(N, S, L) -> receive {v, I, [A, B, _], T} -> recv(N - 1, S + I * A + B, keep(N, T, L)) end.
keep(N, T, L) when N rem 100 =:= 0 -> [T | L];
keep(_, _, L) -> L.
