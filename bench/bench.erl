%% bench:main/0 runs the program named by the plain arguments: `-extra Module Milliseconds`.
%% Each repetition runs Module:run/0 in a fresh process; one is for warming up, then as many as fit
%% into the time, at least three. Prints the median in nanoseconds and a hash of the result, by
%% which the runner sees that both engines computed the same.
-module(bench).
-export([main/0]).

main() ->
    [M, Ms | _] = init:get_plain_arguments(),
    Mod = list_to_atom(M),
    {module, Mod} = code:ensure_loaded(Mod),
    case erlang:function_exported(Mod, measure, 0) of
        true -> io:format("~w 0~n", [Mod:measure()]);
        false ->
            {_, V} = once(Mod),
            Times = repeat(Mod, V, 0, list_to_integer(Ms) * 1000000, []),
            io:format("~w ~w~n", [lists:nth((length(Times) + 1) div 2, lists:sort(Times)), erlang:phash2(V)])
    end,
    halt().

repeat(_, _, Sum, Budget, Times) when Sum >= Budget, length(Times) >= 3 -> Times;
repeat(Mod, V, Sum, Budget, Times) ->
    {T, V} = once(Mod),
    repeat(Mod, V, Sum + T, Budget, [T | Times]).

once(Mod) ->
    Me = self(),
    {P, M} = spawn_monitor(fun() ->
        T0 = erlang:monotonic_time(nanosecond),
        V = Mod:run(),
        T1 = erlang:monotonic_time(nanosecond),
        Me ! {self(), T1 - T0, V}
    end),
    receive
        {P, T, V} -> erlang:demonitor(M, [flush]), {T, V};
        {'DOWN', M, _, _, R} -> exit(R)
    end.
