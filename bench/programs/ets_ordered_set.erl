%% One process: insert, lookup, walk, range select on an ordered set.
-module(ets_ordered_set).
-export([run/0]).
run() ->
    T = ets:new(t, [ordered_set]),
    [ets:insert(T, {I * 7919 rem 50021, I}) || I <- lists:seq(1, 50000)],
    S = lists:sum([ets:lookup_element(T, I * 7919 rem 50021, 2) || I <- lists:seq(1, 50000)]),
    W = walk(T, ets:first(T), 0),
    R = length(ets:select(T, [{{'$1', '_'}, [{'>', '$1', 10000}, {'<', '$1', 20000}], ['$1']}])),
    ets:delete(T),
    {S, W, R}.
walk(_, '$end_of_table', S) -> S;
walk(T, K, S) -> walk(T, ets:next(T, K), S + K).
