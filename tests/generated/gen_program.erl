%% Random functions, compiled by the engine that runs them.
-module(gen_program).
-export([expression/1, run/2]).
-import(gen_term, [upto/1, one/1, often/1, int/0, small/0, float/0, atom/0]).
-compile(nowarn_unused_import).

%% Expressions over X, Y, Z as tuples; `abstract/1` makes Erlang's abstract format of them.
expression(D) -> expression(one([integer, integer, number, list, any]), D).

%% Mostly of the type that is asked for: X is an integer, Y a number, Z a list.
expression(T, 0) -> leaf(often([{40, fun() -> T end}, {1, fun() -> any end}]));
expression(T, D) ->
    E = fun(Type) -> expression(Type, D - 1) end,
    often([{24, fun() -> typed(T, E) end}, {8, fun() -> branch(T, E) end}, {1, fun() -> typed(any, E) end}, {4, fun() -> leaf(T) end}]).

leaf(integer) -> one([{var, 'X'}, {var, 'X'}, {value, small()}, {value, int()}]);
leaf(number) -> one([{var, 'Y'}, {var, 'X'}, {value, float()}, {value, small()}]);
leaf(list) -> one([{var, 'Z'}, {var, 'Z'}, {value, [1, 2, 3]}, {value, "ab"}, {value, []}]);
leaf(boolean) -> one([{value, true}, {value, false}, {call, {is_float, 1}, {var, 'Y'}, none}]);
leaf(any) -> one([{var, 'X'}, {var, 'Y'}, {var, 'Z'}, {value, atom()}, {value, <<"ab">>}, {value, {a, 1}}, {value, #{a => 1}}]).

%% What can have any type.
branch(T, E) ->
    often([
        {2, fun() -> {'if', E(boolean), E(T), E(T)} end},
        {3, fun() -> {'case', E(one([integer, any, list])), [{clause(), test(), E(T)} || _ <- lists:seq(1, upto(3))] ++ [{{bind, 'A'}, true, E(T)}]} end},
        {1, fun() -> {'try', E(T), E(any)} end},
        {1, fun() -> {element, upto(2), E(T), E(T)} end},
        {1, fun() -> {apply_fun, E(any), E(T)} end},
        {1, fun() -> {get, E(T)} end}
    ]).
clause() -> one([{value, small()}, {value, int()}, {value, atom()}, {bind, 'A'}, {cons}, {tuple2}, {map}, {int8}]).

typed(integer, E) ->
    I = integer,
    often([
        {6, fun() -> {op, one(['+', '-', '*', 'band', 'bor', 'bxor']), E(I), E(I)} end},
        {2, fun() -> {op, one(['div', 'rem']), E(I), {op, 'bor', E(I), {value, 1}}} end},
        {1, fun() -> {op, one(['bsl', 'bsr']), E(I), {op, 'rem', E(I), {value, 70}}} end},
        {1, fun() -> {op, one(['-', 'bnot']), E(I)} end},
        {1, fun() -> {call, {one([abs, trunc, round]), 1}, E(number), none} end},
        {1, fun() -> {call, {length, 1}, E(list), none} end},
        {1, fun() -> {call, {hd, 1}, {cons, E(I), E(list)}, none} end},
        {1, fun() -> {call, {byte_size, 1}, {bin, E(I), {value, <<"abc">>}}, none} end},
        {1, fun() -> {call, {one([max, min]), 2}, E(I), E(I)} end}
    ]);
typed(number, E) ->
    often([
        {5, fun() -> {op, one(['+', '-', '*']), E(number), E(number)} end},
        {2, fun() -> {op, '/', E(number), {op, '+', {call, {abs, 1}, E(number), none}, {value, 1}}} end},
        {1, fun() -> {call, {one([abs, float]), 1}, E(number), none} end},
        {1, fun() -> E(integer) end}
    ]);
typed(list, E) ->
    often([
        {3, fun() -> {op, one(['++', '--']), E(list), E(list)} end},
        {3, fun() -> {cons, E(one([integer, any])), E(list)} end},
        {2, fun() -> {lc, E(any), E(list)} end},
        {1, fun() -> {call, {tl, 1}, {cons, E(any), E(list)}, none} end}
    ]);
typed(boolean, E) ->
    often([
        {4, fun() -> {op, one(['==', '/=', '<', '>=', '=:=', '=/=']), E(number), E(number)} end},
        {2, fun() -> {op, one(['==', '<', '=:=', '>']), E(any), E(any)} end},
        {2, fun() -> {op, one(['and', 'or', 'xor', 'andalso', 'orelse']), E(boolean), E(boolean)} end},
        {1, fun() -> {op, 'not', E(boolean)} end},
        {2, fun() -> {call, {one([is_integer, is_list, is_atom, is_float, is_number, is_tuple, is_map, is_binary]), 1}, E(any), none} end}
    ]);
typed(any, E) ->
    often([
        {2, fun() -> {tuple, [E(any), E(integer)]} end},
        {1, fun() -> {map, E(any), E(any)} end},
        {1, fun() -> {bin, E(integer), {value, <<1, 2>>}} end},
        {1, fun() -> {call, {one([tuple_size, tl, length, size, map_size, byte_size, not_there]), 1}, E(any), none} end},
        {1, fun() -> {op, one(['+', 'div', '++', '--', 'band', '/']), E(any), E(any)} end},
        {4, fun() -> E(one([integer, number, list, boolean])) end}
    ]).
test() -> one([true, true, {is_integer, 'X'}, {is_atom, 'Y'}, {is_list, 'Z'}, {'<', 'X', 'Y'}, {'=:=', 'Y', 'Z'}]).

run(Expression, [_, _, _] = Arguments) ->
    Vars = [{var, 1, V} || V <- ['X', 'Y', 'Z']],
    Forms = [{attribute, 1, module, generated}, {attribute, 1, export, [{f, 3}]},
        {function, 1, f, 3, [{clause, 1, Vars, [], [abstract(Expression, 1)]}]}],
    case compile:forms(Forms, [return]) of
        {ok, _, Code, _} ->
            %% The processes that ran the one before the last are gone.
            code:purge(generated),
            {module, _} = code:load_binary(generated, "generated.beam", Code),
            apply(generated, f, Arguments);
        Bad -> {does_not_compile, Bad}
    end.

%% `N`: names of variables that are bound inside end in it.
abstract({var, V}, _) -> {var, 1, V};
abstract({value, V}, _) -> erl_parse:abstract(V, 1);
abstract({op, Op, A, B}, N) -> {op, 1, Op, abstract(A, 2 * N), abstract(B, 2 * N + 1)};
abstract({op, Op, A}, N) -> {op, 1, Op, abstract(A, N)};
abstract({'if', C, A, B}, N) ->
    {'case', 1, abstract(C, 3 * N), [{clause, 1, [{atom, 1, true}], [], [abstract(A, 3 * N + 1)]}, {clause, 1, [{var, 1, '_'}], [], [abstract(B, 3 * N + 2)]}]};
abstract({'case', E, Clauses}, N) ->
    {'case', 1, abstract(E, 7 * N), [{clause, 1, [pattern(P, 7 * N + I)], guards(G), [abstract(B, 7 * N + I)]} || {I, {P, G, B}} <- lists:enumerate(Clauses)]};
abstract({'try', E, H}, N) ->
    {'try', 1, [abstract(E, 3 * N)], [], [{clause, 1, [{tuple, 1, [{var, 1, '_'}, name("R", N), {var, 1, '_'}]}], [], [{tuple, 1, [name("R", N), abstract(H, 3 * N + 1)]}]}], []};
abstract({call, {F, 1}, A, _}, N) -> {call, 1, {atom, 1, remote(F)}, [abstract(A, N)]};
abstract({call, {F, 2}, A, B}, N) -> {call, 1, {atom, 1, F}, [abstract(A, 2 * N), abstract(B, 2 * N + 1)]};
abstract({tuple, Es}, N) -> {tuple, 1, [abstract(E, 3 * N + I) || {I, E} <- lists:enumerate(Es)]};
abstract({cons, A, B}, N) -> {cons, 1, abstract(A, 2 * N), abstract(B, 2 * N + 1)};
abstract({map, A, B}, N) -> {map, 1, [{map_field_assoc, 1, abstract(A, 2 * N), abstract(B, 2 * N + 1)}]};
abstract({element, I, A, B}, N) -> {call, 1, {atom, 1, element}, [{integer, 1, I}, {tuple, 1, [abstract(A, 2 * N), abstract(B, 2 * N + 1)]}]};
abstract({get, A}, N) -> {call, 1, {atom, 1, map_get}, [{atom, 1, k}, {map, 1, {map, 1, [{map_field_assoc, 1, {atom, 1, l}, {integer, 1, 1}}]}, [{map_field_assoc, 1, {atom, 1, k}, abstract(A, N)}]}]};
abstract({apply_fun, A, B}, N) ->
    {call, 1, {'fun', 1, {clauses, [{clause, 1, [name("F", N)], [], [{match, 1, {var, 1, '_'}, name("F", N)}, abstract(B, 2 * N + 1)]}]}}, [abstract(A, 2 * N)]};
abstract({lc, A, B}, N) -> {lc, 1, {tuple, 1, [name("L", N), abstract(A, 2 * N)]}, [{generate, 1, name("L", N), abstract(B, 2 * N + 1)}]};
abstract({bin, A, B}, N) -> {bin, 1, [{bin_element, 1, abstract(A, 2 * N), {integer, 1, 16}, [integer]}, {bin_element, 1, abstract(B, 2 * N + 1), default, [bitstring]}]}.

remote(not_there) -> node;
remote(F) -> F.

%% Variables of a function must differ: positions in the expression do, up to where they wrap.
name(Prefix, N) -> {var, 1, list_to_atom(Prefix ++ integer_to_list(N rem 5000))}.
pattern({value, V}, _) -> erl_parse:abstract(V, 1);
pattern({bind, _}, N) -> name("A", N);
pattern({cons}, N) -> {cons, 1, name("A", N), {var, 1, '_'}};
pattern({tuple2}, N) -> {tuple, 1, [{var, 1, '_'}, name("A", N)]};
pattern({map}, N) -> {map, 1, [{map_field_exact, 1, {atom, 1, a}, name("A", N)}]};
pattern({int8}, N) -> {bin, 1, [{bin_element, 1, name("A", N), {integer, 1, 8}, [integer]}, {bin_element, 1, {var, 1, '_'}, default, [bitstring]}]}.
guards(true) -> [];
guards({Test, V}) -> [[{call, 1, {atom, 1, Test}, [{var, 1, V}]}]];
guards({Op, V, W}) -> [[{op, 1, Op, {var, 1, V}, {var, 1, W}}]].
