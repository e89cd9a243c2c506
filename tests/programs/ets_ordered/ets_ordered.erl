-module(ets_ordered).
-include("t.hrl").
main() ->
    T = ets:new(o, [ordered_set]), [ets:insert(T, {K, x}) || K <- [5, 3.0, 1, a, "s", {t}, 3, <<"b">>, 2.5, -1, #{}, []]], ?P(ets:tab2list(T)),
    ?P(ets:first(T)),
    ?P(ets:last(T)),
    ?P(ets:next(T, 3)),
    ?P(ets:next(T, 4)),
    ?P(ets:prev(T, a)),
    ?P(ets:prev(T, -1)),
    ?P(ets:next(T, <<"b">>)),
    ?P(ets:lookup(T, 3)),
    ?P(ets:lookup(T, 1.0)),
    ?P(ets:insert(T, {5.0, replaced})),
    ?P(ets:lookup(T, 5)),
    ?P(ets:slot(T, 0)),
    ?P(ets:slot(T, ets:info(T, size))),
    ?P(ets:foldl(fun({K, _}, A) -> [K | A] end, [], T)),
    ?P(ets:foldr(fun({K, _}, A) -> [K | A] end, [], T)),
    ?P(ets:first_lookup(T)),
    ?P(ets:last_lookup(T)),
    ?P(ets:next_lookup(T, 1)),
    ?P(ets:prev_lookup(T, 1)),
    B = ets:new(b, [ordered_set]), R = rnd(5000, 1, []), [ets:insert(B, {X, X}) || X <- R], ?P([K || {K, _} <- ets:tab2list(B)] =:= lists:usort(R)), [ets:delete(B, X) || X <- R, X rem 3 =:= 0], ?P([K || {K, _} <- ets:tab2list(B)] =:= [X || X <- lists:usort(R), X rem 3 =/= 0]),
    ?P(fwd(B, ets:first(B), 0) =:= ets:info(B, size)),
    ?P(bwd(B, ets:last(B), 0) =:= ets:info(B, size)),
    ?P(ets:select(B, [{{'$1', '_'}, [{'<', '$1', 100}], ['$1']}])),
    ?P(ets:select_count(B, [{{'$1', '_'}, [{'>=', '$1', 500}], [true]}])),
    ?P(ets:select_reverse(B, [{{'$1', '_'}, [{'<', '$1', 60}], ['$1']}])),
    ?P(length(sel(ets:select(B, [{{'$1', '_'}, [], ['$1']}], 100), []))), P = ets:new(p, [ordered_set]), [ets:insert(P, {{I, J}, I * J}) || I <- lists:seq(1, 20), J <- lists:seq(1, 20)], ?P(ets:select(P, [{{{3, '$1'}, '_'}, [{'>', '$1', 15}], ['$1']}])),
    ?P(ets:match(P, {{7, '$1'}, 49})),
    ?P(ets:match_delete(P, {{'_', 5}, '_'})),
    ?P(ets:info(P, size)),
    ?P(ets:select_delete(P, [{{{'$1', '_'}, '_'}, [{'=:=', {'rem', '$1', 2}, 0}], [true]}])),
    ?P(ets:info(P, size)),
    ?P(ets:select_replace(P, [{{{'$1', '$2'}, '$3'}, [{'=:=', '$2', 7}], [{{{{'$1', '$2'}}, {'+', '$3', 1000}}}]}])),
    ?P(ets:lookup(P, {3, 7})).
rnd(0, _, A) -> A;
rnd(N, X, A) -> Y = (X * 1103515245 + 12345) band 16#7fffffff, rnd(N - 1, Y, [(Y bsr 8) rem 1000 | A]).
fwd(_, '$end_of_table', N) -> N;
fwd(T, K, N) -> fwd(T, ets:next(T, K), N + 1).
bwd(_, '$end_of_table', N) -> N;
bwd(T, K, N) -> bwd(T, ets:prev(T, K), N + 1).
sel('$end_of_table', A) -> A;
sel({L, C}, A) -> sel(ets:select(C), A ++ L).
