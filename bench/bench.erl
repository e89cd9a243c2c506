%% bench:main/0 runs the program named by the plain arguments: `-extra Module Milliseconds`, and prints lines
%% `Name Value Hash Unit`. What a program exports says what it is:
%%
%% - run/0: is timed. Each repetition is in a fresh process; one is for warming up, then as many as fit into the time,
%%   at least three. The median in nanoseconds, and a hash of the result, by which the runner sees that both engines
%%   computed the same;
%% - time/0: likewise, but it times itself: {Nanoseconds, Result};
%% - figures/0: is measured once: [{Name, Value, Unit}]; a program whose only figure has its own name calls it '-'.
-module(bench).
-export([main/0]).

main() ->
    [M, Ms | _] = init:get_plain_arguments(),
    Mod = list_to_atom(M),
    {module, Mod} = code:ensure_loaded(Mod),
    Is = fun(Name) -> erlang:function_exported(Mod, Name, 0) end,
    case Is(figures) of
        true -> [io:format("~s ~w 0 ~ts~n", [Name, V, Unit]) || {Name, V, Unit} <- Mod:figures()];
        false ->
            Once = case Is(time) of
                true -> fun Mod:time/0;
                false -> fun() -> timed(Mod) end
            end,
            {_, V} = once(Once),
            Times = repeat(Once, V, 0, list_to_integer(Ms) * 1000000, []),
            io:format("- ~w ~w~n", [lists:nth((length(Times) + 1) div 2, lists:sort(Times)), erlang:phash2(V)])
    end,
    halt().

repeat(_, _, Sum, Budget, Times) when Sum >= Budget, length(Times) >= 3 -> Times;
repeat(Once, V, Sum, Budget, Times) ->
    {T, V} = once(Once),
    repeat(Once, V, Sum + T, Budget, [T | Times]).

once(Once) ->
    Me = self(),
    {P, M} = spawn_monitor(fun() -> Me ! {self(), Once()} end),
    receive
        {P, R} -> erlang:demonitor(M, [flush]), R;
        {'DOWN', M, _, _, R} -> exit(R)
    end.

timed(Mod) ->
    T0 = erlang:monotonic_time(nanosecond),
    V = Mod:run(),
    {erlang:monotonic_time(nanosecond) - T0, V}.
