%% For the ets_* programs: some processes each do something to a table N times.
-module(tables).
-export([all/2, fill/2]).
all(N, F) ->
    Ps = [spawn_monitor(fun() -> exit({sum, times(N, I, F, 0)}) end) || I <- lists:seq(1, 4)],
    lists:sum([receive {'DOWN', M, _, _, {sum, S}} -> S end || {_, M} <- Ps]).
times(0, _, _, S) -> S;
times(N, I, F, S) -> times(N - 1, I, F, S + F(I, N)).
fill(T, N) -> [ets:insert(T, {I, I, <<"value">>}) || I <- lists:seq(1, N)], T.
