-module(ets_select).
-include_lib("stdlib/include/ms_transform.hrl").
-include("t.hrl").
main() ->
    T = ets:new(t, [ordered_set]), ets:insert(T, [{1, a, 10}, {2, b, 20}, {3, a, 30}, {4, {x, y}, 40}, {5, "str", 50.5}, {6, #{k => v}, <<"b">>}, {7, [1, 2 | 3], nil}]),
    ?P(ets:match(T, {'$1', a, '_'})),
    ?P(ets:match(T, '$1')),
    ?P(ets:match(T, {'$2', '_', '$1'}, 2) =/= x),
    ?P(ets:match_object(T, {'_', a, '_'})),
    ?P(ets:match(T, {'_', '$1', '$1'})),
    ?P(ets:match(T, {'$1', #{k => '$2'}, '_'})),
    ?P(ets:match_object(T, {'_', '_'})),
    ?P(ets:match_object(T, {'_', [1 | '_'], '_'})),
    ?P(ets:select(T, [{{'$1', '$2', '$3'}, [{is_integer, '$3'}, {'>', '$3', 15}], [{{'$1', '$3'}}]}])),
    ?P(ets:select(T, [{{'$1', '_', '_'}, [{'=<', '$1', 2}], ['$_']}, {{'$1', '_', '_'}, [{'=:=', '$1', 6}], ['$$']}])),
    ?P(ets:select(T, [{'_', [], [x]}], 3) =/= y),
    ?P(ets:select_count(T, [{{'_', '$1', '_'}, [{is_atom, '$1'}], [true]}])),
    ?P([ets:select(T, [{{'$1', '$2', '$3'}, [G], ['$1']}]) || G <- [{is_tuple, '$2'}, {is_list, '$2'}, {is_map, '$2'}, {is_float, '$3'}, {is_binary, '$3'}, {is_number, '$3'}, {'andalso', {is_atom, '$2'}, {'<', '$1', 3}}, {'orelse', {'==', '$1', 1}, {'==', '$1', 7}}, {'not', {is_atom, '$2'}}, {'or', {'==', '$1', 1}, {'==', '$1', 2}}, {'xor', true, {'>', '$1', 2}}, {'==', {element, 1, '$2'}, x}, {'==', {hd, '$2'}, 1}, {'==', {length, '$2'}, 3}, {'==', {map_size, '$2'}, 1}, {'==', {map_get, k, '$2'}, v}, {is_map_key, k, '$2'}, {'==', {'rem', '$1', 3}, 1}, {'>', {'+', '$1', '$3'}, 33}, {'==', {tuple_size, '$2'}, 2}, {'==', {byte_size, '$3'}, 1}, {'==', {abs, {'-', 0, '$1'}}, 4}, {'==', {'band', '$1', 1}, 1}, {'==', {'bsl', '$1', 1}, 6}, {'==', {round, '$3'}, 51}, {'==', {trunc, '$3'}, 50}, {is_record, '$_', 1}, {'==', '$2', {const, {x, y}}}, {'==', '$2', {{x, y}}}, {'=:=', {self}, {self}}, {'==', {node}, {const, nonode@nohost}}, {'==', {size, '$2'}, 2}, {'==', {tl, '$2'}, "tr"}, {badguard, '$1'}, {'==', '$9', 1}, true, false, {'>', {'div', '$1', 0}, 1}, {'==', {binary_part, '$3', 0, 1}, <<"b">>}, {'==', {max, '$1', 3}, 3}, {'==', {float, '$1'}, 2.0}]]),
    ?P([try ets:select(T, [{{'$1', '$2', '$3'}, [], [B]}]) catch error:E -> E end || B <- ['$1', '$_', '$$', {{'$1', x}}, [a, '$1'], {const, {'$1'}}, {'+', '$1', 1}, {element, 1, '$2'}, "str", #{k => '$1'}, {{}}, {bad}, {{'$1', {{'$2'}}}}, {self}, 1.5]]),
    ?P(try ets:select(T, ?id(x)) catch error:E1 -> E1 end),
    ?P(try ets:select(T, [{{'$1'}, [], ['$2']}]) catch error:E2 -> E2 end),
    ?P(ets:select(T, [])),
    ?P(ets:select(T, ets:fun2ms(fun({K, V, N}) when is_integer(N), N > 15 -> {V, K + N} end))),
    ?P(ets:fun2ms(fun({K, V}) when K > 1, V =/= a orelse K < 3 -> [K, V] end)),
    C = ets:match_spec_compile([{{'$1', '$2'}, [{'>', '$2', 1}], ['$1']}]),
    ?P(ets:match_spec_run([{a, 1}, {b, 2}, c, {d, 3}], C)),
    ?P(ets:is_compiled_ms(C)),
    ?P(ets:is_compiled_ms(x)),
    ?P(ets:test_ms({a, 5}, [{{'$1', '$2'}, [], [{{'$2', '$1'}}]}])),
    ?P(ets:test_ms({a, 5}, [{{'$1', '$2'}, [{foo, x}], ['$1']}]) =/= x),
    ?P(ets:test_ms({a}, [{{'$1', '$2'}, [], ['$1']}])),
    ?P(erlang:match_spec_test({a, 1}, [{{'$1', '$2'}, [], [{{'$2', '$1'}}]}], table) =/= x), {L1, C1} = ets:select(T, [{{'$1', '_', '_'}, [], ['$1']}], 3), {L2, C2} = ets:select(C1), {L3, C3} = ets:select(C2),
    ?P({L1, L2, L3, C3 =:= '$end_of_table' orelse ets:select(C3)}), {M1, Cm} = ets:match(T, {'$1', '_', '_'}, 4), {M2, _} = ets:match(Cm),
    ?P({M1, M2}),
    ?P(element(1, ets:match_object(T, {'_', '_', '_'}, 2))),
    ?P(ets:select_reverse(T, [{{'$1', '_', '_'}, [], ['$1']}], 3) =/= x),
    ?P(ets:select_delete(T, [{{'$1', '_', '_'}, [{'<', '$1', 3}], [true]}])),
    ?P(ets:match_delete(T, {'_', a, '_'})),
    ?P([K || {K, _, _} <- ets:tab2list(T)]), H = ets:new(h, []), ets:insert(H, [{I, I rem 7} || I <- lists:seq(1, 5000)]),
    ?P(length(ets:match(H, {'$1', 3}))),
    ?P(ets:select_count(H, [{{'$1', '$2'}, [{'==', '$2', 0}], [true]}])),
    ?P(all_chunks(ets:select(H, [{{'$1', '_'}, [], ['$1']}], 77), 0, 0)),
    ?P(ets:select(H, [{{17, '$1'}, [], ['$1']}])),
    ?P(ets:select_replace(H, [{{'$1', 0}, [], [{{'$1', zero}}]}])),
    ?P(length(ets:match(H, {'_', zero}))),
    ?P(ets:select_delete(H, [{{'_', zero}, [], [true]}])),
    ?P(ets:info(H, size)),
    ?P(try ets:select_replace(H, [{{'$1', '$2'}, [], [{{'$2', '$1'}}]}]) catch error:E3 -> E3 end),
    ?P(lists:sort(ets:select(H, [{{'$1', 6}, [{'<', '$1', 50}], [{{'$1', {const, '$1'}}}]}]))),
    [?P({Kind, bag_chunks(ets:new(b, [Kind]))}) || Kind <- [bag, duplicate_bag]],
    M = ets:new(m, [bag]), ets:insert(M, [{k, #{a => 1, b => 2}}, {#{c => 3, d => 4}, x}, {j, [#{e => #{f => 1, g => 2}}]}]),
    ?P({ets:match_object(M, {'_', #{b => 2}}), ets:match_object(M, {k, #{b => 3}}), ets:match_object(M, {#{c => 3}, x})}),
    ?P({ets:match_object(M, {'_', [#{e => #{f => 1}}]}), ets:select_count(M, [{{'_', #{}}, [], [true]}]), ets:select_delete(M, [{{'$1', #{a => 1}}, [], [true]}])}),
    ?P([ets:match_spec_run([[a], x, 1, {a}], ets:match_spec_compile([{Head, [], [found]}])) || Head <- [[a], x, 1, "_", {}]]),
    ?P([try ets:match_spec_compile([{{'$1'}, [nested(N)], ['$1']}]), compiled catch error:Deep -> Deep end || N <- [100, 1000000]]),
    ?P(ets:match_spec_run([#{a => 1, b => 2}, #{a => 2}], ets:match_spec_compile([{#{a => 1}, [], ['$_']}]))),
    ?P([ets:select(ets:new(none, []), []), try ets:match_spec_compile([]) catch error:None -> None end,
        element(1, ets:test_ms({a}, [])), element(1, erlang:match_spec_test([a], [], trace))]).
%% A bag's rows with the same key: a chunk has the newest.
bag_chunks(B) ->
    [ets:insert(B, {k, I}) || I <- lists:seq(1, 5)],
    {A, C1} = ets:select(B, [{{k, '$1'}, [], ['$1']}], 2), {D, C2} = ets:select(C1),
    {E, C3} = ets:match(B, {'$1', '$2'}, 3), {A, D, ets:select(C2), E, ets:match(C3)}.
all_chunks('$end_of_table', N, S) -> {N, S};
all_chunks({L, C}, N, S) -> all_chunks(ets:select(C), N + length(L), S + lists:sum(L)).

nested(0) -> true;
nested(N) -> nested(N, true).
nested(0, G) -> G;
nested(N, G) -> nested(N - 1, {'orelse', {'==', N, '$1'}, G}).
