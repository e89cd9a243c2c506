%% Type tests and guard expressions over every kind of term; failing guards; andalso and orelse.
-module(arith_guards).
-include("t.hrl").
-record(point, {x, y}).
main() ->
    Ts = [0, -1, 1 bsl 70, 1.5, a, true, false, "", "ab", [1 | 2], {}, {a, b}, {point, 1, 2}, <<>>, <<1>>, <<1:3>>, #{}, #{a => 1}, fun main/0, fun(_) -> x end, self(), make_ref()],
    [io:format("~w~n", [types(T)]) || T <- Ts],
    [io:format("~w~n", [guards(T)]) || T <- Ts],
    [io:format("~w ~w: ~w~n", [A, B, cmp(A, B)]) || A <- [1, 1.0, a, <<1>>], B <- [1, 1.0, 2, a, <<1>>, <<2>>]],
    [io:format("~p ~p: ~p~n", [A, B, bools(A, B)]) || A <- [true, false, x, 1], B <- [true, false, y]],
    ?P(is_function(?id(fun(_, _) -> x end), ?id(2))),
    ?P(is_function(?id(fun(_, _) -> x end), ?id(3))),
    ?P(is_function(?id(a), ?id(-1))),
    ?P(is_record(?id({point, 1, 2}), point)),
    ?P(is_record(?id({point, 1, 2}), point, 3)),
    ?P(is_record(?id({point, 1, 2}), ?id(point), ?id(4))),
    ?P(is_record(?id({point, 1, 2}), ?id(1))),
    ?P(ifs(?id(5))),
    ?P(ifs(?id(0))),
    ?P(ifs(?id(a))),
    ?P(ifs(?id(-1))),
    ?P(semis(?id([]))),
    ?P(semis(?id({1, 2}))),
    ?P(semis(?id(#{k => 1}))),
    ?P(semis(?id(0))).
types(T) -> [is_atom(T), is_binary(T), is_bitstring(T), is_boolean(T), is_float(T), is_function(T), is_integer(T), is_list(T),
             is_map(T), is_number(T), is_pid(T), is_port(T), is_reference(T), is_tuple(T), is_function(T, 1), is_record(T, point, 3)].
guards(T) ->
    [if length(T) > 0 -> nonempty; length(T) =:= 0 -> empty; true -> nolist end,
     if tuple_size(T) > 1 -> big; element(1, T) =:= a -> a; true -> other end,
     if byte_size(T) =:= 1 -> one; bit_size(T) =:= 0 -> zero; true -> other end,
     if map_size(T) =:= 0 -> empty; is_map_key(a, T) -> key; map_get(b, T) =:= 1 -> b; true -> nomap end,
     if hd(T) =:= 1 -> hd1; tl(T) =:= "b" -> tlb; true -> none end,
     if abs(T) > 10 -> large; T + 1 =:= 1 -> zero; trunc(T) =:= 1 -> one; true -> nan end,
     if T bsl 1 > 100 -> big; T rem 2 =:= 1; T rem 2 =:= -1 -> odd; bnot T =:= -1 -> zero; true -> x end,
     if node(T) =:= node() -> mine; true -> none end,
     if T, true -> yes; not T -> no; true -> neither end,
     if (is_atom(T) or is_tuple(T)) and (T =/= a) -> at; T > a xor (T < 0) -> x; true -> t end,
     if float(T) =:= 0.0 -> zero; round(T) =:= 2 -> two; size(T) =:= 2 -> size2; true -> none end,
     if min(T, a) =:= a -> mina; max(T, 1) =:= 1 -> max1; true -> none end,
     if binary_part(T, 0, 1) =:= <<1>> -> bp; floor(T) =:= 1; ceil(T) =:= 2 -> fc; true -> none end].
cmp(A, B) -> [A < B, A =< B, A > B, A >= B, A == B, A /= B, A =:= B, A =/= B].
bools(A, B) ->
    [t(fun() -> A andalso B end), t(fun() -> A orelse B end), t(fun() -> A and B end), t(fun() -> A or B end),
     t(fun() -> A xor B end), t(fun() -> not A end), if A andalso B -> y; true -> n end, if A orelse B -> y; true -> n end].
t(F) -> try F() catch error:R -> R end.
ifs(X) -> if X > 0, X < 10 -> small; X =:= 0 -> zero; is_atom(X) -> atom end.
semis(X) when hd(X) =:= 1; element(2, X) =:= 2; map_get(k, X) =:= 1 -> yes;
semis(X) when is_list(X), length(X) =:= 0 -> empty;
semis(_) -> no.
