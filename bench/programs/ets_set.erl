%% One process: insert, lookup, update, delete on a set.
-module(ets_set).
-export([run/0]).
run() ->
    T = tables:fill(ets:new(t, [set]), 50000),
    S = lists:sum([element(2, hd(ets:lookup(T, I))) || I <- lists:seq(1, 50000)]),
    [ets:update_element(T, I, {2, I + 1}) || I <- lists:seq(1, 50000)],
    [ets:delete(T, I) || I <- lists:seq(1, 50000, 2)],
    R = {S, ets:info(T, size), ets:lookup_element(T, 2, 2)},
    ets:delete(T), R.
