%% `system_profile`: when processes have something to do, and when not.
-module(trace_profile).
-export([main/0]).

main() ->
    [begin
         undefined = erlang:system_profile(self(), [scheduler, runnable_procs | Time]),
         {Me, Options} = erlang:system_profile(),
         {Me, Options} = erlang:system_profile(undefined, []),
         io:format("~p ~p~n", [Me =:= self(), Options])
     end || Time <- [[], [timestamp], [monotonic_timestamp], [strict_monotonic_timestamp]]],
    io:format("~p~n", [erlang:system_profile()]),
    Collector = spawn(fun() -> collect([]) end),
    undefined = erlang:system_profile(Collector, [runnable_procs, monotonic_timestamp]),
    P = spawn(fun echo/0),
    Q = spawn(fun echo/0),
    %% Both wait before the first message, whichever scheduler begins them.
    timer:sleep(20),
    [begin
         X ! {self(), N},
         receive N -> ok end,
         timer:sleep(20)
     end || N <- lists:seq(1, 3), X <- [P, Q]],
    exit(P, kill),
    M = monitor(process, Q),
    Q ! stop,
    receive {'DOWN', M, _, _, _} -> ok end,
    timer:sleep(50),
    _ = erlang:system_profile(undefined, []),
    Collector ! {all, self()},
    All = receive {events, L} -> L end,
    [io:format("~p~n", [turns([{What, place(Where)} || {profile, Y, What, Where, T} <- All, Y =:= X, is_integer(T)])])
     || X <- [P, Q]].

%% A process may also be woken for work of the engine's own (a literal area that goes away asks everybody), so that how
%% often it was is not fixed, but not less often than there was something for it.
turns([{active, start} | L]) when length(L) >= 9 -> inactive(L);
turns(L) -> L.

inactive([{inactive, 0}]) -> complete;
inactive([{inactive, {trace_profile, echo, 0}}, {active, {trace_profile, echo, 0}} | L]) -> inactive(L);
inactive(L) -> {unexpected, L}.

%% Where a process begins has several names.
place({erlang, apply, _}) -> start;
place(Where) -> Where.

echo() ->
    receive
        {From, N} -> From ! N, echo();
        stop -> ok
    end.

collect(L) ->
    receive
        {all, P} -> P ! {events, lists:reverse(L)};
        E -> collect([E | L])
    end.
