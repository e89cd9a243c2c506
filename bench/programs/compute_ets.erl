-module(compute_ets).
-export([run/0]).
run() ->
    S = ets:new(s, [set]), O = ets:new(o, [ordered_set]),
    [ets:insert(S, {I * 7919 rem 20011, I, <<"v">>}) || I <- lists:seq(1, 20000)],
    [ets:insert(O, {I * 7919 rem 20011, I}) || I <- lists:seq(1, 10000)],
    A = lists:sum([ets:lookup_element(S, I, 2, 0) || I <- lists:seq(1, 20000)]),
    [ets:update_counter(S, I, {2, 1}, {I, 0, x}) || I <- lists:seq(1, 10000)],
    B = length(ets:select(S, [{{'$1', '$2', '_'}, [{'>', '$2', 10000}], ['$1']}])),
    C = walk(O, ets:first(O), 0),
    D = ets:foldl(fun({K, V}, X) -> K * V + X end, 0, O),
    [ets:delete(O, I) || I <- lists:seq(1, 20000, 3)],
    E = {ets:info(O, size), ets:info(S, size)},
    ets:delete(S), ets:delete(O),
    {A, B, C, D, E}.
walk(_, '$end_of_table', S) -> S;
walk(T, K, S) -> walk(T, ets:next(T, K), S + K).
