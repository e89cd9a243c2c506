%% Maps: a random sequence of steps.
-module(gen_maps).
-export([step/0, do/2]).
-import(gen_term, [one/1, some/2, large_key/0, small/0]).
-compile(nowarn_unused_import).

step() ->
    K = large_key(),
    one([{put, K, small()}, {put, K, small()}, {update, K, small()}, {remove, K}, {get, K}, {find, K}, {take, K},
        {merge, maps:from_list(some(one([3, 40]), fun() -> {large_key(), small()} end))}, {with, some(5, fun gen_term:large_key/0)}, {without, some(5, fun gen_term:large_key/0)},
        to_list, keys, values, sum, iterate, invert, size, filter, hash, {equal, maps:from_list(some(3, fun() -> {large_key(), small()} end))}]).
do(Step, {M, Out}) ->
    try one_step(Step, M) of
        {new, M1} -> {M1, Out};
        V -> {M, [V | Out]}
    catch C:R -> {M, [{C, R} | Out]}
    end.
one_step({put, K, V}, M) -> {new, M#{K => V}};
one_step({update, K, V}, M) -> {new, M#{K := V}};
one_step({remove, K}, M) -> {new, maps:remove(K, M)};
one_step({get, K}, M) -> map_get(K, M);
one_step({find, K}, M) -> case M of #{K := V} -> {ok, V}; _ -> error end;
one_step({take, K}, M) -> maps:take(K, M);
one_step({merge, N}, M) -> {new, maps:merge(M, N)};
one_step({with, Ks}, M) -> maps:with(Ks, M);
one_step({without, Ks}, M) -> {new, maps:without(Ks, M)};
one_step(to_list, M) -> maps:to_list(M);
one_step(keys, M) -> maps:keys(M);
one_step(values, M) -> maps:values(M);
one_step(sum, M) -> maps:fold(fun(_, V, A) -> V + A end, 0, M);
one_step(iterate, M) -> steps(maps:next(maps:iterator(M)), []);
one_step(invert, M) -> {new, maps:from_list([{V, V} || {_, V} <- maps:to_list(M)])};
one_step(size, M) -> map_size(M);
one_step(filter, M) -> {new, maps:filter(fun(K, _) -> is_integer(K) orelse is_atom(K) end, M)};
one_step(hash, M) -> erlang:phash2(M);
one_step({equal, N}, M) -> {M == N, M =:= N, M < N};
one_step(_, _) -> not_a_step.
steps(none, Out) -> lists:reverse(Out);
steps({K, V, I}, Out) -> steps(maps:next(I), [{K, V} | Out]).
