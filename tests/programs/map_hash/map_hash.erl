%% Maps above 32 keys: everything that does not depend on the order of the hash trie.
-module(map_hash).
-include("t.hrl").
main() ->
    [sizes(N) || N <- [30, 31, 32, 33, 34, 64, 100, 1000, 20000]],
    M = maps:from_list([{I, I * 2} || I <- lists:seq(1, 1000)]),
    ?P(lists:sum(maps:values(M))),
    ?P(lists:sort(maps:keys(M)) =:= lists:seq(1, 1000)),
    ?P(maps:get(500, M)),
    ?P(maps:get(1001, M, none)),
    ?P(map_size(M#{1 => x, 2000 => y})),
    ?P(map_size(M#{1 := x})),
    ?P(catch_(fun() -> M#{1001 := x} end)),
    ?P(catch_(fun() -> maps:get(zz, M) end)),
    ?P(map_size(maps:merge(M, maps:from_list([{I, 0} || I <- lists:seq(900, 1100)])))),
    ?P(maps:get(950, maps:merge(M, #{950 => small}))),
    ?P(maps:get(950, maps:merge(#{950 => small}, M))),
    ?P(lists:sort(maps:to_list(maps:filter(fun(K, _) -> K rem 100 =:= 0 end, M)))),
    ?P(lists:foldl(fun(I, A) -> maps:remove(I, A) end, M, lists:seq(1, 990))),
    ?P(lists:foldl(fun(I, A) -> maps:remove(I, A) end, M, lists:seq(1, 1000))),
    ?P(maps:fold(fun(K, V, A) -> K * V + A end, 0, M)),
    ?P(iter(maps:next(maps:iterator(M)), 0)),
    ?P(lists:sublist(maps:to_list(maps:iterator(M, ordered)), 3)),
    ?P(lists:sublist(maps:keys(maps:map(fun(_, V) -> V + 1 end, #{1 => 1})), 1)),
    ?P(element(1, maps:take(77, M))),
    ?P(map_size(element(2, maps:take(77, M)))),
    A = maps:from_list([{I, I} || I <- lists:seq(1, 500)]), B = maps:from_list([{I, I} || I <- lists:reverse(lists:seq(1, 500))]), C = lists:foldl(fun(I, X) -> maps:remove(I, X) end, maps:from_list([{I, I} || I <- lists:seq(1, 900)]), lists:seq(501, 900)),
    ?P({A =:= B, A == C, erlang:phash2(A) =:= erlang:phash2(C), A < A#{501 => 1}, A#{1 => 0} < A, A#{1 => 1.0} == A, A#{1 => 1.0} =:= A}),
    ?P(lists:sort(maps:to_list(A)) =:= lists:sort(maps:to_list(C))),
    ?P(binary_to_term(term_to_binary(A)) =:= A),
    Mixed = maps:from_list([{key(I), I} || I <- lists:seq(1, 3000)]),
    ?P(map_size(Mixed)),
    ?P([maps:get(key(I), Mixed) =:= I || I <- lists:seq(1, 3000, 300)]),
    ?P(lists:all(fun(I) -> maps:get(key(I), Mixed) =:= I end, lists:seq(1, 3000))),
    ?P(lists:sum([V || _ := V <- Mixed])),
    ?P(map_size(#{K => V || K := V <- Mixed, V > 1500})),
    ?P(pm(Mixed)),
    ?P(map_get({x, 1}, maps:put({x, 1}, yes, Mixed))) ,
    Self = self(), spawn(fun() -> Self ! Mixed end),
    ?P(receive X -> X =:= Mixed end),
    ?P(erlang:phash2(Mixed)),
    ?P(model(5000)).
sizes(N) -> M = maps:from_list([{{k, I}, I} || I <- lists:seq(1, N)]), M2 = lists:foldl(fun(I, A) -> A#{{k, I} => I} end, #{}, lists:seq(1, N)), M3 = lists:foldr(fun(I, A) -> maps:put({k, I}, I, A) end, #{}, lists:seq(1, N)), M4 = maps:without([{k, N + 1}, {k, N + 2}], M3#{{k, N + 1} => 1, {k, N + 2} => 2}), io:format("~p: ~p~n", [N, {map_size(M), M =:= M2, M2 =:= M3, M3 =:= M4, lists:sum(maps:values(M4)), maps:get({k, N}, M4), lists:last(lists:sort(maps:to_list(M)))}]).
key(I) -> case I rem 6 of 0 -> I; 1 -> {I}; 2 -> [I]; 3 -> <<I:32>>; 4 -> float(I); 5 -> integer_to_list(I) end.
pm(#{6 := A, {7} := B, [8] := C}) -> {A, B, C}.
iter(none, S) -> S;
iter({K, V, I}, S) -> iter(maps:next(I), S + K + V).
catch_(F) -> try F() catch error:R -> element(1, R) end.
%% random operations against a list model
model(N) -> model(N, 777, #{}, []).
model(0, _, M, L) -> lists:sort(maps:to_list(M)) =:= lists:sort(L);
model(N, X0, M, L) ->
    X = (X0 * 1103515245 + 12345) band 16#7fffffff, K = {(X bsr 8) rem 200},
    case X bsr 20 rem 4 of
        0 -> model(N - 1, X, maps:remove(K, M), lists:keydelete(K, 1, L));
        1 -> case lists:keyfind(K, 1, L) of {_, V} -> V = maps:get(K, M); false -> error = maps:find(K, M) end, model(N - 1, X, M, L);
        _ -> model(N - 1, X, M#{K => N}, lists:keystore(K, 1, L, {K, N}))
    end.
