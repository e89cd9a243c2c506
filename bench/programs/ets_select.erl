%% One process: select, match, foldl, select_count, select_delete over 50,000 rows.
-module(ets_select).
-export([run/0]).
run() ->
    T = tables:fill(ets:new(t, [set]), 50000),
    A = length(ets:select(T, [{{'$1', '$2', '_'}, [{'>', '$2', 25000}], [{{'$1', '$2'}}]}])),
    B = ets:select_count(T, [{{'$1', '_', '_'}, [{'=:=', {'rem', '$1', 3}, 0}], [true]}]),
    C = length(ets:match(T, {'$1', '_', <<"value">>})),
    D = ets:foldl(fun({K, _, _}, S) -> S + K end, 0, T),
    E = ets:select_delete(T, [{{'$1', '_', '_'}, [{'<', '$1', 25000}], [true]}]),
    F = length(ets:tab2list(T)),
    ets:delete(T),
    {A, B, C, D, E, F}.
