-module(compute_trees).
-export([run/0]).
run() ->
    T = lists:foldl(fun(I, A) -> gb_trees:enter(I * 7919 rem 20011, I, A) end, gb_trees:empty(), lists:seq(1, 15000)),
    D = lists:foldl(fun(I, A) -> dict:update_counter(I rem 1000, 1, A) end, dict:new(), lists:seq(1, 15000)),
    Q = lists:foldl(fun(I, A) -> {_, B} = queue:out(queue:in(I, queue:in(I, A))), B end, queue:new(), lists:seq(1, 20000)),
    R = lists:foldl(fun(I, A) -> array:set(I, I, A) end, array:new(), lists:seq(0, 10000)),
    {lists:sum([gb_trees:get(I * 7919 rem 20011, T) || I <- lists:seq(1, 15000)]), dict:fetch(7, D), queue:len(Q), lists:sum(array:to_list(R)), gb_sets:size(gb_sets:from_list([I rem 777 || I <- lists:seq(1, 10000)])), rb(lists:seq(1, 8000))}.
rb(L) -> depth(lists:foldl(fun(X, T) -> {_, A, Y, B} = ins(X, T), {b, A, Y, B} end, e, L)).
ins(X, e) -> {r, e, X, e};
ins(X, {C, A, Y, B}) when X < Y -> bal(C, ins(X, A), Y, B);
ins(X, {C, A, Y, B}) when X > Y -> bal(C, A, Y, ins(X, B));
ins(_, T) -> T.
bal(b, {r, {r, A, X, B}, Y, C}, Z, D) -> {r, {b, A, X, B}, Y, {b, C, Z, D}};
bal(b, {r, A, X, {r, B, Y, C}}, Z, D) -> {r, {b, A, X, B}, Y, {b, C, Z, D}};
bal(b, A, X, {r, {r, B, Y, C}, Z, D}) -> {r, {b, A, X, B}, Y, {b, C, Z, D}};
bal(b, A, X, {r, B, Y, {r, C, Z, D}}) -> {r, {b, A, X, B}, Y, {b, C, Z, D}};
bal(C, A, X, B) -> {C, A, X, B}.
depth(e) -> 0;
depth({_, A, _, B}) -> 1 + max(depth(A), depth(B)).
