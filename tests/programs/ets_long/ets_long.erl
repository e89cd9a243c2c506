%% What takes longer than a time slice goes on in the next one: nobody is held up, nothing is lost, and who dies in
%% the middle leaves nothing behind.
-module(ets_long).
-export([main/0]).
main() ->
    N = 100000,
    L = [{I, I rem 7} || I <- lists:seq(1, N)],
    [run(Type, L, N) || Type <- [set, ordered_set, bag, duplicate_bag]],
    killed(L).
run(Type, L, N) ->
    T = ets:new(t, [Type, public]),
    true = ets:insert(T, L),
    false = ets:insert_new(T, L),
    N = ets:info(T, size),
    Some = length(ets:select(T, [{{'$1', 3}, [], ['$1']}])),
    Some = ets:select_count(T, [{{'_', 3}, [], [true]}]),
    {[_], C} = ets:select(T, [{{N div 2, '_'}, [], ['$_']}, {{N, '_'}, [], ['$_']}], 1),
    {[_], _} = ets:select(C),
    Sum = lists:sum([K || [K] <- ets:match(T, {'$1', 5})]),
    case Type of
        bag -> ok;
        _ -> Some = ets:select_replace(T, [{{'$1', 3}, [], [{{'$1', three}}]}])
    end,
    ets:safe_fixtable(T, true),
    Gone = ets:select_delete(T, [{{'$1', '_'}, [{'=<', '$1', N div 2}], [true]}]),
    Left = ets:info(T, size),
    true = ets:delete_all_objects(T),
    0 = ets:info(T, size),
    ets:safe_fixtable(T, false),
    true = ets:insert(T, L),
    [{N, _}] = ets:lookup(T, N),
    true = ets:delete_all_objects(T),
    [] = ets:tab2list(T),
    true = ets:insert_new(T, L),
    true = ets:delete(T),
    undefined = ets:info(T),
    io:format("~p ~p ~p ~p ~p~n", [Type, Some, Sum, Gone, Left]).
killed(L) ->
    T = ets:new(t, [set, public]),
    Ps = [spawn(fun() -> work(T, L) end) || _ <- lists:seq(1, 4)],
    timer:sleep(20),
    Ms = [monitor(process, P) || P <- Ps],
    [exit(P, kill) || P <- Ps],
    [receive {'DOWN', M, _, _, _} -> ok end || M <- Ms],
    false = ets:info(T, fixed),
    true = ets:delete_all_objects(T),
    true = ets:insert(T, L),
    io:format("~p~n", [{ets:info(T, size), length(ets:select(T, [{{'$1', 3}, [], ['$1']}]))}]).
work(T, L) -> ets:insert(T, L), ets:select_delete(T, [{{'_', 1}, [], [true]}]), ets:match(T, {'$1', 2}), work(T, L).
