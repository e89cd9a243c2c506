%% How late a ticker of one millisecond is while others keep every scheduler busy: in microseconds.
-module(fairness).
-export([with/1, forever/1]).
-define(MILLISECONDS, 3000).

%% Two processes for each scheduler run each function for ever; lateness at the 99th percentile and the worst one.
with(Hogs) ->
    Each = 2 * erlang:system_info(schedulers_online),
    Ps = [spawn(?MODULE, forever, [F]) || F <- Hogs, _ <- lists:seq(1, max(1, Each div length(Hogs)))],
    timer:sleep(300),
    Me = self(),
    End = erlang:monotonic_time(microsecond) + 1000 * ?MILLISECONDS,
    T = spawn(fun() -> Me ! {late, ticks(End, [])} end),
    M = monitor(process, T),
    All = receive {late, L} -> lists:sort(L); {'DOWN', M, _, _, R} -> exit(R) end,
    [exit(P, kill) || P <- Ps],
    [{p99, nth(99, All), "us"}, {max, lists:last(All), "us"}].

nth(P, L) -> lists:nth(max(1, length(L) * P div 100), L).

ticks(End, L) ->
    case erlang:monotonic_time(microsecond) of
        T0 when T0 > End -> L;
        T0 ->
            receive after 1 -> ok end,
            ticks(End, [max(1, erlang:monotonic_time(microsecond) - T0 - 1000) | L])
    end.

forever(F) -> F(), forever(F).
