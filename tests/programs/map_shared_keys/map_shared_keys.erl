%% Maps that one place makes from nothing share their keys, whatever their values are.
-module(map_shared_keys).
-export([main/0]).

main() ->
    A = decimal(0), B = decimal(1),
    %% A map that finds no room and waits for a collection has keys of its own: with one at every allocation, all have.
    true = erts_debug:same(erts_internal:map_to_tuple_keys(A), erts_internal:map_to_tuple_keys(B))
        orelse os:getenv("CORTEN_GC_STRESS") =/= false,
    io:format("~p ~p~n", [l(A), l(B)]),
    io:format("~p ~p ~p~n", [l(decimal([])), l(three([], [], [])), l(three([], 1, []))]),
    erlang:garbage_collect(),
    io:format("~p ~p~n", [l(A#{int := x, new => y}), l(maps:remove(type, A))]),
    io:format("~p~n", [[l(three(I, I * 2, {I})) || I <- lists:seq(1, 3)]]),
    #{c := {7}, a := 7} = three(7, 8, {7}),
    true = three(1, 2, 3) =:= maps:from_list([{c, 3}, {a, 1}, {b, 2}]),
    io:format("~p~n", [lists:usort([l(three(I rem 3, [], [])) || I <- lists:seq(1, 1000)])]),
    io:format("~p~n", [l(big(id(1)))]).

l(M) -> lists:sort(maps:to_list(M)).

decimal(I) -> #{type => decimal, int => I, exp => id(0)}.
three(A, B, C) -> #{b => B, c => C, a => A}.
big(X) ->
    #{1 => X, 2 => X, 3 => X, 4 => X, 5 => X, 6 => X, 7 => X, 8 => X, 9 => X, 10 => X, 11 => X, 12 => X, 13 => X, 14 => X,
      15 => X, 16 => X, 17 => X, 18 => X, 19 => X, 20 => X, 21 => X, 22 => X, 23 => X, 24 => X, 25 => X, 26 => X, 27 => X,
      28 => X, 29 => X, 30 => X, 31 => X, 32 => X, 33 => X}.
id(X) -> X.
