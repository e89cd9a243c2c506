-module(term_tuple).
-include("t.hrl").
-record(person, {name, age = 0 :: integer(), tags = []}).
main() ->
    T = ?id({a, b, c}),
    ?P(element(2, T)),
    ?P(setelement(2, T, x)),
    ?P(erlang:append_element(T, d)),
    ?P(erlang:insert_element(2, T, n)),
    ?P(erlang:delete_element(1, T)),
    ?P(tuple_to_list(T)),
    ?P(list_to_tuple([1, 2])),
    ?P(erlang:make_tuple(3, z)),
    ?P(erlang:make_tuple(4, d, [{2, x}, {4, y}, {2, last}])),
    ?P(erlang:make_tuple(?id(-1), z)),
    ?P(erlang:make_tuple(2, z, [{3, x}])),
    ?P(setelement(4, T, x)),
    ?P(erlang:delete_element(4, T)),
    ?P(erlang:insert_element(5, T, x)),
    ?P(list_to_tuple(?id([a | b]))),
    ?P(tuple_size(erlang:make_tuple(100000, 0))),
    P = #person{name = "Joe", age = ?id(10)},
    ?P(P),
    ?P(P#person.age),
    ?P(P#person{age = 11, tags = [x]}),
    ?P(#person.tags),
    ?P(record_info(fields, person)),
    ?P(record_info(size, person)),
    ?P((?id(x))#person.name),
    ?P((?id({person, 1}))#person{age = 2}),
    ?P([N || #person{name = N, age = A} <- [P, P#person{name = "Al", age = 3}, junk], A > 5]),
    ?P(is_record(P, person)),
    ?P(#person{_ = '_'}),
    ?P(match(P)),
    ?P(match(P#person{age = 99})),
    ?P(match(x)),
    ?P(lists:foldl(fun(I, Acc) -> setelement(I, Acc, I * I) end, erlang:make_tuple(10, 0), lists:seq(1, 10))),
    ?P(swap(?id({1, {2, 3}}))).
match(#person{age = 99} = Q) -> {old, Q#person.name};
match(#person{name = [H | _]}) -> {initial, H};
match(_) -> none.
swap({A, {B, C}}) -> {{C, B}, A}.
