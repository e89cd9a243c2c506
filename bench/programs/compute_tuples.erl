-module(compute_tuples).
-export([run/0]).
run() ->
    T = list_to_tuple(lists:seq(1, 1000)),
    {sum(T, 1000, 0, 300), tree(15), heap(4000)}.
sum(_, _, A, 0) -> A;
sum(T, 0, A, R) -> sum(T, tuple_size(T), A, R - 1);
sum(T, I, A, R) -> sum(T, I - 1, A + element(I, T), R).
tree(D) -> check(make(D)).
make(0) -> {leaf, nil, nil};
make(D) -> {node, make(D - 1), make(D - 1)}.
check({leaf, nil, nil}) -> 1;
check({node, L, R}) -> 1 + check(L) + check(R).
heap(N) -> drain(lists:foldl(fun(I, H) -> merge({I * 7919 rem 10007, nil, nil}, H) end, nil, lists:seq(1, N)), 0, 1).
merge(nil, H) -> H;
merge(H, nil) -> H;
merge({A, L, R}, {B, _, _} = H) when A =< B -> {A, merge(R, H), L};
merge(H, {B, L, R}) -> {B, merge(R, H), L}.
drain(nil, S, _) -> S;
drain({X, L, R}, S, I) -> drain(merge(L, R), S + X * I, I + 1).
