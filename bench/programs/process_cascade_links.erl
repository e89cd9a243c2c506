%% The end of one process ends 100,000 that are linked in a chain, and one with 100,000 links ends them all.
-module(process_cascade_links).
-export([time/0]).
time() ->
    {A, _} = timed(fun(First) -> chain(100000, First) end),
    {B, _} = timed(fun(First) -> star(100000, First) end),
    {A + B, ok}.
timed(Make) ->
    Me = self(),
    {First, M} = spawn_monitor(fun() -> receive {go, Last} -> Me ! Last, exit(crash) end end),
    Last = Make(First),
    Ms = [M | [monitor(process, P) || P <- Last]],
    T0 = erlang:monotonic_time(nanosecond),
    First ! {go, ok},
    receive ok -> ok end,
    [receive {'DOWN', X, _, _, crash} -> ok end || X <- Ms],
    gone(),
    {erlang:monotonic_time(nanosecond) - T0, ok}.
chain(N, First) -> Me = self(), spawn(fun() -> link_next(N, First, Me) end), receive {last, P} -> [P] end.
link_next(N, Before, Me) ->
    link(Before),
    case N of
        1 -> Me ! {last, self()};
        _ -> This = self(), spawn(fun() -> link_next(N - 1, This, Me) end)
    end,
    receive never -> ok end.
star(N, Hub) ->
    Me = self(),
    [spawn(fun() -> link(Hub), Me ! linked, receive never -> ok end end) || _ <- lists:seq(1, N)],
    [receive linked -> ok end || _ <- lists:seq(1, N)],
    [].
gone() -> case erlang:system_info(process_count) of N when N < 1000 -> ok; _ -> erlang:yield(), gone() end.
