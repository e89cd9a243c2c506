%% A table that is deleted while others insert: they see all of it or an error, never an empty table.
-module(ets_delete_race).
-include("t.hrl").
main() ->
    [?P({Kind, N, lists:usort([race(Kind, N) || _ <- lists:seq(1, 200)]) -- [gone]}) || Kind <- [set, ordered_set, bag], N <- [1, 500]].

race(Kind, N) ->
    T = ets:new(t, [public, Kind]),
    Rows = [{I, I} || I <- lists:seq(1, N)],
    One = fun() -> {true, 1} = {ets:insert(T, {a, b}), length(ets:lookup(T, a))} end,
    {P, M} = spawn_monitor(fun() -> exit(try insert(T, Rows, One) catch error:badarg -> gone end) end),
    receive after 1 -> ok end,
    ets:delete(T),
    receive {'DOWN', M, process, P, R} -> R end.

insert(T, Rows, One) ->
    true = ets:insert(T, Rows),
    false = ets:insert_new(T, Rows),
    true = ets:first(T) =/= '$end_of_table',
    true = ets:select_count(T, [{'_', [], [true]}]) > 0,
    One(),
    insert(T, Rows, One).
