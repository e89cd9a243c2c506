-module(fun_select).
-include("t.hrl").
%% Selections of all sizes, what they fail to, and values that are none of theirs.
main() ->
    ?P([few(X) || X <- ?id([a, b, c, d, 1, "a", {a}, -1, 1.0, 1 bsl 70])]),
    ?P([many(X) || X <- ?id([a0, a1, a5, a9, a10, a11, a12, a, 0, []])]),
    ?P([table(X) || X <- ?id([-1, 0, 1, 2, 9, 10, 11, 12, 64, 65, 1.0, 1 bsl 64, a])]),
    ?P([split(X) || X <- lists:seq(0, 40) ++ ?id([a, -5, 300])]),
    ?P([mixed(X) || X <- ?id([1, 1 bsl 65, 2, -(1 bsl 65), 3])]),
    ?P([shape(X) || X <- ?id([{a}, {a, 1}, {b, 1}, {a, 1, 2}, {}, a, [1], {c, 1, 2, 3, 4}, #{}])]),
    ?P([list(X) || X <- ?id([[], [1], [1, 2], [1, 2, 3], [1 | 2], a, [[]], [{k, 1}, x], [{k, 2}], [{j}, y]])]),
    ?P([float(X, Y) || X <- ?id([1, 2.5, -3, 1 bsl 60, 1 bsl 80]), Y <- ?id([0.5, -2, 7])]),
    ?P(float(?id(1 bsl 2000), 1)),
    ?P(float(?id(1.0e308), ?id(1.0e308))),
    ?P(float(a, 1)),
    ?P([member(K, M) || K <- ?id([a, {k, 1}, {k, 2}, "x", 1.0, 1]), M <- ?id([#{a => 1, {k, 1} => 2}, #{1 => 1, "x" => y}, big()])]),
    ?P(member(a, ?id(no_map))),
    ?P([compare(A, B) || A <- things(), B <- things()]).

few(a) -> 1;
few(b) -> 2;
few(c) -> 3;
few(1) -> one;
few(X) -> {other, X}.
many(X) ->
    case X of
        a0 -> 0; a1 -> 1; a2 -> 2; a3 -> 3; a4 -> 4; a5 -> 5; a6 -> 6; a7 -> 7; a8 -> 8; a9 -> 9; a10 -> 10; a11 -> 11;
        _ -> none
    end.
table(0) -> zero;
table(N) when N =:= 1; N =:= 2; N =:= 10; N =:= 11 -> usual;
table(9) -> nine;
table(_) -> none.
%% The guard comes between: the compiler makes several selections of it.
split(N) when N =:= 1; N =:= 2; N =:= 3; N =:= 5 -> a;
split(N) when N > 100 -> large;
split(N) when N =:= 10; N =:= 11; N =:= 12; N =:= 30 -> b;
split(20) -> c;
split(21) -> d;
split(22) -> e;
split(N) when N =:= 1; N =:= 4; N =:= 31 -> f;
split(_) -> none.
mixed(1) -> 1;
mixed(36893488147419103232) -> big;
mixed(-36893488147419103232) -> negative;
mixed(2) -> 2;
mixed(_) -> none.
shape({a}) -> 1;
shape({a, X}) -> {X, 2};
shape({b, X}) -> [X, 3];
shape({_, X, Y}) -> {X, Y, 4};
shape({c, A, _, B, C}) -> [{A, B} | C];
shape(T) when tuple_size(T) =:= 0 -> empty;
shape(T) when is_map(T) -> map;
shape(T) -> T.
list([]) -> none;
list([{k, 1} | T]) -> {first, T};
list([{k, N}]) -> N;
list([_]) -> one;
list([_, _]) -> two;
list([H | T]) -> {H, list(T)};
list(X) -> X.
float(X, Y) -> {X * 1.5 + Y, X / Y - 0.25, abs(X - Y * 2.0), -X * 1.0}.
member(K, M) when is_map_key(K, M) -> {yes, map_get(K, M)};
member(K, M) -> {no, try is_map_key(K, M) catch C:R -> {C, R} end}.
big() -> maps:from_list([{{k, N}, N} || N <- lists:seq(1, 100)]).
things() -> ?id([a, 1, 1.0, 0.0, -0.0, {k, [1, {x, 2}]}, {k, [1, {x, 3}]}, {k, [1, {x, 2.0}]}, [1, 2 | 3], [1, 2, 3], "ab", <<"ab">>, #{a => {1}}, #{a => {2}}, deep(40, a), deep(40, b)]).
deep(0, X) -> X;
deep(N, X) -> deep(N - 1, {[X, N]}).
compare(A, B) -> case {A =:= B, A == B, A < B} of {true, true, false} -> s; {false, true, false} -> e; {false, false, true} -> l; {false, false, false} -> g; X -> X end.
