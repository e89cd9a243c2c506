-module(compute_sort).
-export([run/0]).
run() ->
    R = rnd(30000, 42, []),
    {hd(lists:sort(R)), length(lists:usort(R)), hd(lists:sort(fun(A, B) -> A > B end, R)), hd(lists:keysort(2, [{X, X rem 1000} || X <- R])), hd(qs(R)), hd(ms(R)), length(lists:sort([integer_to_list(X) || X <- lists:sublist(R, 5000)]))}.
rnd(0, _, A) -> A;
rnd(N, X, A) -> Y = (X * 1103515245 + 12345) band 16#7fffffff, rnd(N - 1, Y, [Y bsr 4 | A]).
qs([]) -> [];
qs([P | T]) -> qs([X || X <- T, X < P]) ++ [P | qs([X || X <- T, X >= P])].
ms([]) -> [];
ms([X]) -> [X];
ms(L) -> {A, B} = lists:split(length(L) div 2, L), merge(ms(A), ms(B)).
merge([], B) -> B;
merge(A, []) -> A;
merge([A | As], [B | _] = Bs) when A =< B -> [A | merge(As, Bs)];
merge(As, [B | Bs]) -> [B | merge(As, Bs)].
