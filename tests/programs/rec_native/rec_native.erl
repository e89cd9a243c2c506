%% Native records (OTP 29): made, matched, changed and looked into, of this module and of another.
-module(rec_native).
-export([main/0]).
-record #a{x = 1, y}.
-record #b{y = 1}.
-record #order{zzzz = 0, true = 1, aaaa = 2, wwww = 3}.
-record #none{}.
-import_record(other, [foo]).

main() ->
    other(),
    Foo = other:foo(),
    Records = [{a, #a{y = 2}}, {b, #b{}}, {foo, Foo}, {private, other:private()}, {other_a, other:a(1)},
               {tuple, {foo, 1, 2}}, {atom, x}],
    [show([N, F], fun() -> G(R) end) || {N, R} <- Records, {F, G} <- functions()],
    show(new, fun() -> #foo{z = 1} end),
    show(no_value, fun() -> #foo{} end),
    show(bad_field, fun() -> #foo{z = 1, q = 1} end),
    show(bad_field_first, fun() -> #foo{q = 1} end),
    show(not_exported, fun() -> #other:private{} end),
    show(no_record, fun() -> #other:nothing{} end),
    show(no_module, fun() -> #no_such_module:none{} end),
    show(own_not_exported, fun() -> #rec_native:a{y = 1} end),
    X = id(3),
    show(values, fun() -> #foo{z = X, big = id(X)} end),
    show(is_record_2, fun() -> [is_record(id(R), id(foo)) || {_, R} <- Records] end),
    show(is_record_3, fun() -> [is_record(id(R), id(other), id(foo)) || {_, R} <- Records] end),
    show(is_record_tuple, fun() -> [is_record(id(R), id(foo), id(3)) || {_, R} <- Records] end),
    show(is_record_1, fun() -> [erlang:(id(is_record))(R) || {_, R} <- Records] end),
    order(), forms(Foo), module(Foo), garbage(), reload(Foo).

other() ->
    load("-module(other). -export([foo/0, private/0, a/1]). "
         "-record #foo{z, y = [1, 2], big = 100000000000000000000}. -record #private{x = 0}. -record #a{x = 0}. "
         "-export_record([foo, a]). foo() -> #foo{z = 1}. private() -> #private{}. a(X) -> #a{x = X}.").

load(Source) ->
    {ok, Tokens, _} = erl_scan:string(Source),
    {ok, other, Beam} = compile:forms(forms(Tokens, [])),
    code:purge(other),
    {module, other} = code:load_binary(other, "other.beam", Beam).

forms([], Forms) -> lists:reverse(Forms);
forms(Tokens, Forms) ->
    {Form, [Dot | Rest]} = lists:splitwith(fun(T) -> element(1, T) =/= dot end, Tokens),
    {ok, F} = erl_parse:parse_form(Form ++ [Dot]),
    forms(Rest, [F | Forms]).

id(X) -> X.

show(What, F) ->
    io:format("~w: ~w~n", [What, try F() catch C:R -> {C, R} end]).

functions() ->
    [{get, fun(R) -> R#a.x end}, {get_any, fun(R) -> R#_.x end}, {get_other, fun(R) -> R#foo.z end},
     {get_private, fun(R) -> R#other:private.x end},
     {put, fun(R) -> R#a{x = 9} end}, {put_any, fun(R) -> R#_{x = 9} end}, {put_other, fun(R) -> R#foo{z = 9} end},
     {put_private, fun(R) -> R#other:private{x = 9} end}, {put_bad, fun(R) -> R#foo{nothing = 9} end},
     {match, fun(#a{x = X}) -> X; (_) -> no end}, {match_any, fun(#_{x = X}) -> X; (_) -> no end},
     {match_other, fun(#foo{z = X}) -> X; (_) -> no end}, {match_name, fun(#foo{}) -> yes; (_) -> no end},
     {match_private, fun(#other:private{x = X}) -> X; (_) -> no end},
     {match_private_name, fun(#other:private{}) -> yes; (_) -> no end},
     {match_bad, fun(#foo{nothing = X}) -> X; (_) -> no end},
     {match_two, fun(#foo{big = B, y = Y}) -> {B, Y}; (_) -> no end},
     {guard, fun(R) when R#a.x =:= 1 -> yes; (_) -> no end}, {guard_other, fun(R) when R#foo.z =:= 1 -> yes; (_) -> no end},
     {guard_any, fun(R) when is_record(R) -> yes; (_) -> no end}, {guard_own, fun(R) when is_record(R, a) -> yes; (_) -> no end},
     {guard_name, fun(R) when is_record(R, other, private) -> yes; (_) -> no end},
     {guard_field, fun(R) when R#_.x =:= 1 -> yes; (_) -> no end},
     {types, fun(R) -> {is_tuple(R), is_map(R), is_list(R), is_atom(R)} end}].

record(M, N, E, Fs) -> records:create(M, N, Fs, #{is_exported => E}).

%% The order of atoms' indexes is not that of their names.
order() ->
    [B, A] = [list_to_atom(L) || L <- ["rec_b", "rec_a"]],
    Sorted = [{tuple}, record(l, n, true, []), record(m, m, true, []), record(m, n, false, []),
              record(m, n, false, [{A, 1}]), record(m, n, false, [{A, 2}]), record(m, n, false, [{B, 1}]),
              record(m, n, false, [{A, 1}, {B, 2}]), record(m, n, false, [{A, 2}, {B, 1}]),
              record(m, n, false, [{B, 1}, {A, 2}]), record(m, n, false, [{B, 2}, {A, 1}]),
              record(m, n, true, []), record(n, a, false, []), #{}, [], <<>>],
    io:format("sorted: ~w~n", [lists:sort(lists:reverse(Sorted)) =:= Sorted]),
    Float = record(m, n, false, [{A, 1.0}]),
    Int = record(m, n, false, [{A, 1}]),
    io:format("numbers: ~w~n", [{Float == Int, Float =:= Int, Float < Int, Float > Int}]),
    io:format("as keys: ~w~n", [{maps:get(Int, #{Int => yes}), maps:is_key(Float, #{Int => yes})}]),
    Many = maps:from_list([{record(m, n, false, [{A, I}]), I} || I <- lists:seq(1, 100)]),
    io:format("as keys of many: ~w~n",
              [lists:all(fun(I) -> maps:get(record(m, n, false, [{A, I}]), Many) =:= I end, lists:seq(1, 100))]),
    T = ets:new(t, []),
    ets:insert(T, [{Int, 1}, {Foo = record(m, n, true, [{B, {x}}]), 2}]),
    io:format("in tables: ~w~n", [{ets:lookup(T, Int), ets:match(T, {Foo, '$1'})}]).

forms(Foo) ->
    R = #a{x = [1.5, "s"], y = #order{}},
    [io:format("~p ~w ~0p~n", [T, T, T]) || T <- [R, Foo, #none{}]],
    io:format("hash: ~w~n", [[erlang:phash2(T) || T <- [Foo, #none{}, #b{y = Foo}]]]),
    io:format("external: ~w~n", [term_to_binary(#order{})]),
    io:format("back: ~w~n", [[binary_to_term(term_to_binary(T, O)) =:= T
                              || T <- [R, Foo, #none{}, [R, R]], O <- [[], [compressed], [deterministic], [local]]]]),
    Try = fun(B) -> try binary_to_term(B) catch error:E -> E end end,
    io:format("damaged: ~w~n", [[Try(<<131, 67, 1:32, F, 119, 1, $m, 119, 1, $n, 119, 1, $a, 97, 1>>) || F <- [0, 1, 2, 128]]]),
    io:format("twice: ~w~n", [Try(<<131, 67, 2:32, 0, 119, 1, $m, 119, 1, $n, 119, 1, $a, 119, 1, $a, 97, 1, 97, 2>>)]).

module(Foo) ->
    [show([F | A], fun() -> apply(records, F, A) end) ||
        {F, A} <- [{get, [z, Foo]}, {get, [q, Foo]}, {get, [z, {}]}, {get_module, [Foo]}, {get_name, [Foo]}, {get_name, [x]},
                   {get_field_names, [#order{}]}, {get_field_names, [x]}, {is_exported, [Foo]}, {is_exported, [#a{y = 1}]},
                   {is_exported, [x]}, {get_definition, [other, foo]}, {get_definition, [rec_native, order]},
                   {get_definition, [rec_native, x]}, {get_definition, [1, x]},
                   {create, [1, y, [], #{is_exported => true}]}, {create, [x, 2, [], #{is_exported => true}]},
                   {create, [x, y, [], []]}, {create, [x, y, [], #{}]}, {create, [x, y, [a], #{is_exported => true}]},
                   {create, [x, y, [{1, a}], #{is_exported => true}]},
                   {create, [x, y, [{a, 1}, {a, 2}], #{is_exported => true}]}, {create, [x, y, [], #{is_exported => 1}]},
                   {update, [Foo, other, foo, #{z => 7}]}, {update, [Foo, other, foo, #{q => 7}]},
                   {update, [Foo, other, x, #{z => 7}]}, {update, [Foo, z, foo, #{}]}, {update, [Foo, q, '_', #{z => 7}]},
                   {update, [Foo, other, foo, []]}, {update, [x, other, foo, #{}]}, {update, [Foo, other, foo, #{}]}]].

garbage() ->
    Loop = fun Loop(0, R) -> R;
               Loop(N, #a{x = L} = R) -> Loop(N - 1, R#a{x = [N | L], y = #b{y = N}})
           end,
    #a{x = L, y = Y} = Loop(10000, #a{x = [], y = none}),
    Self = self(),
    spawn(fun() -> Self ! {done, Y, #order{}} end),
    receive {done, Same, Order} -> io:format("collected: ~w~n", [{L =:= lists:seq(1, 10000), Same =:= Y, Order}]) end.

%% Records keep the definition that they were made with.
reload(Old) ->
    load("-module(other). -export([foo/0]). -record #foo{new = 1, z = 2}. -export_record([foo]). foo() -> #foo{}."),
    io:format("reloaded: ~w~n", [{Old, other:foo(), Old#foo.z, (other:foo())#foo.z, #foo{new = 5}}]),
    code:delete(other),
    show(deleted, fun() -> #foo{z = 1} end),
    code:purge(other),
    show(still_there, fun() -> {Old, Old#foo{z = 8}} end).
