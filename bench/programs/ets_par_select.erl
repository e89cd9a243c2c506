%% Selects and whole traversals while three processes write, {write_concurrency, auto}: as many traversals as there are, until done.
-module(ets_par_select).
-export([run/0]).
run() ->
    T = tables:fill(ets:new(t, [public, {write_concurrency, auto}]), 20000),
    Ws = [spawn_monitor(fun() -> write(T, I, 60000) end) || I <- lists:seq(1, 3)],
    N = lists:sum([round_trip(T) || _ <- lists:seq(1, 10)]),
    [receive {'DOWN', M, _, _, normal} -> ok end || {_, M} <- Ws],
    ets:delete(T),
    N.
round_trip(T) ->
    20000 = ets:select_count(T, [{{'$1', '_', <<"value">>}, [{is_integer, '$1'}], [true]}]),
    length([K || {K, _, <<"value">>} <- ets:select(T, [{{'$1', '_', <<"value">>}, [], ['$_']}])]) +
        walk(T, ets:first(T), 0) * 0.
walk(_, '$end_of_table', S) -> S;
walk(T, K, S) -> walk(T, next(T, K), S + 1).
next(T, K) -> ets:next(T, K).
write(_, _, 0) -> ok;
write(T, I, N) -> ets:update_element(T, N rem 20000 + 1, {2, N}), ets:insert(T, {{I, N rem 100}, N, other}), write(T, I, N - 1).
