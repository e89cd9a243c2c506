%% ETS: tables of random rows and random match specifications.
-module(gen_ets).
-export([clause/0, do/4]).
-import(gen_term, [between/2, one/1, often/1, list/2, some/2, term/0, term/1, atom/0]).
-compile(nowarn_unused_import).

clause() ->
    Head = list_to_tuple(list(between(1, 3), fun head/0)),
    {Head, some(2, fun() -> guard(2) end), one([['$_'], ['$$'], ['$1'], [{{'$1', '$2'}}], [guard(1)], [true], [#{a => '$1'}], [['$1' | '$2']]])}.
head() -> often([{3, fun() -> '$1' end}, {3, fun() -> '$2' end}, {2, fun() -> '_' end}, {2, fun gen_term:key/0}, {1, fun() -> {'$1', one(['_', '$2', atom()])} end}, {1, fun() -> ['$1' | '$2'] end}, {1, fun() -> term(1) end}]).
guard(0) -> often([{3, fun() -> one(['$1', '$2']) end}, {2, fun gen_term:small/0}, {1, fun() -> {const, term(1)} end}, {1, fun gen_term:atom/0}, {1, fun() -> '$_' end}]);
guard(D) ->
    G = fun() -> guard(D - 1) end,
    often([
        {4, fun() -> {one(['<', '=<', '>', '>=', '==', '=:=', '/=', '=/=']), G(), G()} end},
        {2, fun() -> {one([is_integer, is_atom, is_list, is_tuple, is_binary, is_map, is_float, is_number, 'not', abs, size, length, hd, tl, tuple_size, map_size, float, trunc, 'bnot', bit_size, '-', ceil, floor]), G()} end},
        {2, fun() -> {one(['+', '-', '*', 'div', 'rem', 'and', 'or', 'xor', 'andalso', 'orelse', 'band', 'bor', element, map_get, is_map_key, max, min, '/', 'bsl']), G(), G()} end},
        {1, G}
    ]).
do(test, Rows, test, Spec) -> do(set, Rows, test, Spec);
do(_, Rows, test, Spec) -> [begin case ets:test_ms(R, Spec) of {error, _} -> error; X -> X end end || R <- Rows];
do(Type, Rows, How, Spec) ->
    T = ets:new(t, [Type]),
    try
        ets:insert(T, Rows),
        R = case How of
            match -> sorted(ets:match(T, element(1, hd(Spec))));
            match_object -> sorted(ets:match_object(T, element(1, hd(Spec))));
            match_delete -> ets:match_delete(T, element(1, hd(Spec)));
            select_reverse -> sorted(ets:select_reverse(T, Spec));
            select -> case Type of ordered_set -> ets:select(T, Spec); _ -> sorted(ets:select(T, Spec)) end;
            _ -> ets:How(T, Spec)
        end,
        {R, sorted(ets:tab2list(T)), ets:info(T, size)}
    catch C:E -> {C, E, sorted(ets:tab2list(T))}
    after ets:delete(T)
    end.

%% 1 and 1.0 are equal to lists:sort/1, and stay as the table has them.
sorted(Terms) -> [T || {_, T} <- lists:sort([{term_to_binary(T), T} || T <- Terms])].
