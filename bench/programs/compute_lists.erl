-module(compute_lists).
-export([run/0]).
run() ->
    L = lists:seq(1, 30000),
    lists:sum([one(L, I) || I <- lists:seq(1, 8)]).
one(L, I) ->
    A = [X * I || X <- L, X rem 3 =/= 0],
    B = lists:map(fun(X) -> X + 1 end, A),
    C = lists:filter(fun(X) -> X band 1 =:= 0 end, B),
    D = lists:foldl(fun(X, S) -> X + S end, 0, C),
    E = lists:zip(lists:sublist(A, 5000), lists:reverse(lists:sublist(B, 5000))),
    F = lists:foldr(fun({X, Y}, S) -> S + X - Y end, 0, E),
    G = length(A ++ B ++ C),
    H = lists:nth(1000, lists:append(lists:duplicate(20, lists:sublist(B, 100)))),
    K = case lists:member(29999 * I, L) of true -> 1; false -> 0 end,
    {P, Q} = lists:partition(fun(X) -> X > 10000 end, C),
    D + F + G + H + K + length(P) - length(Q) + length(lists:usort(lists:sublist(B, 2000))) + last(rev(A, [])).
rev([], A) -> A;
rev([H | T], A) -> rev(T, [H | A]).
last([X]) -> X;
last([_ | T]) -> last(T).
