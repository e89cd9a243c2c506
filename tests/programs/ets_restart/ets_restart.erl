%% Searches through whole tables that pause where they did not expect to: each row is found, counted and removed once.
-module(ets_restart).
-export([main/0]).

main() ->
    logger:set_primary_config(level, error),
    erts_debug:set_internal_state(available_internal_state, true),
    %% Only the engine under test knows it; the results are the same without.
    catch erts_debug:set_internal_state(ets_force_unforeseen_trap, true),
    Results = [{O, catch run(O)} || O <- [
        [set], [set, public, {write_concurrency, true}], [set, public, {write_concurrency, auto}],
        [bag], [duplicate_bag], [ordered_set], [ordered_set, public, {write_concurrency, true}]
    ]],
    catch erts_debug:set_internal_state(ets_force_unforeseen_trap, false),
    erts_debug:set_internal_state(available_internal_state, false),
    [io:format("~w: ~w~n", [O, R]) || {O, R} <- Results].

run(Options) -> [rows(Options, N) || N <- [0, 1, 2, 300, 5000]].

rows(Options, N) ->
    T = ets:new(t, Options),
    [ets:insert(T, {I, I rem 7, x}) || I <- lists:seq(1, N)],
    All = lists:seq(1, N),
    All = lists:sort(ets:select(T, [{{'$1', '_', '_'}, [], ['$1']}])),
    All = lists:sort(ets:select_reverse(T, [{{'$1', '_', '_'}, [], ['$1']}])),
    All = lists:sort([I || [I] <- ets:match(T, {'$1', '_', x})]),
    All = lists:sort([I || {I, _, _} <- ets:tab2list(T)]),
    All = lists:sort(chunks(ets:select(T, [{{'$1', '_', '_'}, [], ['$1']}], 50))),
    N = ets:select_count(T, [{{'_', '_', x}, [], [true]}]),
    Replaced = case lists:member(bag, Options) of
        true -> none;
        false -> ets:select_replace(T, [{{'$1', 3, x}, [], [{{'$1', 3, y}}]}])
    end,
    Deleted = ets:select_delete(T, [{{'_', 2, '_'}, [], [true]}]),
    Left = ets:info(T, size),
    Objects = ets:match_delete(T, {'_', 4, '_'}),
    Rest = ets:info(T, size),
    true = ets:delete_all_objects(T),
    Empty = ets:info(T, size),
    ets:delete(T),
    {N, Replaced, Deleted, Left, Objects, Rest, Empty}.

chunks('$end_of_table') -> [];
chunks({L, More}) -> L ++ chunks(ets:select(More)).
