%% Cases: what is tried of each kind, and what comes out of it.
%%
%% A case is a term `{What, Arguments}` that stands for itself: it is shrunk, printed and kept as a test without the
%% choices that it came from. `result/1` gives the value or `{Class, Reason}`.
-module(gen_case).
-export([kinds/0, make/1, result/1]).
-import(gen_term, [upto/1, between/2, one/1, often/1, list/2, some/2, term/0, term/1, key/0, large_key/0, large_map/1, int/0, small/0, float/0,
    number/0, atom/0, binary/0, bits/0, bytes/1, char/0, text/0, text/1]).
-compile(nowarn_unused_import).

kinds() -> [arithmetic, math, comparison, hashing, printing, parsing, external, damaged, bits, maps, sorting, lists, binaries,
    re, unicode, strings, match_specs, programs].

result({What, Arguments}) ->
    try do(What, Arguments)
    catch
        Class:Reason -> {Class, Reason}
    end;
result(_) ->
    not_a_case.

%% A function of OTP's with its arguments; the first element of `Choices` each.
call(M, Choices) ->
    {F, Makers} = one(Choices),
    {{M, F}, [make_one(X) || X <- Makers]}.
make_one(F) when is_function(F) -> F();
make_one(X) -> X.

%% ---- arithmetic ----

make(arithmetic) ->
    I = fun gen_term:int/0, N = fun gen_term:number/0,
    Shift = fun() -> between(-70, 70) end,
    often([
        {6, fun() -> call(erlang, [{Op, [N, N]} || Op <- ['+', '-', '*', '/']]) end},
        {6, fun() -> call(erlang, [{Op, [I, I]} || Op <- ['+', '-', '*', 'div', 'rem', 'band', 'bor', 'bxor']]) end},
        {2, fun() -> call(erlang, [{Op, [I, Shift]} || Op <- ['bsl', 'bsr']]) end},
        {2, fun() -> call(erlang, [{Op, [N]} || Op <- [abs, '-', '+', float, trunc, round, floor, ceil]] ++ [{'bnot', [I]}]) end},
        {2, fun() -> call(erlang, [{Op, [fun gen_term:term/0, N]} || Op <- ['+', '-', 'div', 'band', min, max]]) end},
        {1, fun() -> {power, [small(), between(0, 300)]} end},
        {2, fun() -> {chain, [number() | list(between(2, 8), fun() -> {one(['+', '-', '*', 'div', 'rem', 'band', 'bxor', 'bsl']), one([small(), int()])} end)]} end}
    ]);

%% Apart, for the mathematical library of a system may differ in the last bit from another's.
make(math) ->
    F = fun gen_term:float/0, N = fun gen_term:number/0,
    call(math, [{pow, [F, fun gen_term:small/0]}, {fmod, [F, N]}, {sqrt, [N]}, {floor, [N]}, {ceil, [N]}, {atan2, [F, N]}, {log2, [N]}, {log, [N]}, {exp, [F]}, {sin, [F]}, {tanh, [N]}, {erf, [F]}, {cbrt, [N]}]);

%% ---- comparison, hashing ----

make(comparison) ->
    A = term(),
    B = often([{2, fun gen_term:term/0}, {1, fun() -> A end}, {2, fun() -> near(A) end}]),
    {{erlang, one(['<', '=<', '>', '>=', '==', '/=', '=:=', '=/=', min, max])}, [A, B]};
make(hashing) ->
    T = fun() -> term(4) end, B = fun gen_term:binary/0,
    often([
        {4, fun() -> call(erlang, [{phash2, [T]}, {phash2, [T, fun() -> upto(1 bsl between(1, 32)) end]}, {phash, [T, fun() -> upto(1 bsl 32) end]}]) end},
        {1, fun() -> call(erlang, [{crc32, [B]}, {adler32, [B]}, {md5, [B]}, {crc32, [fun gen_term:int/0, B]}, {adler32, [fun gen_term:int/0, B]}]) end},
        {1, fun() -> call(erlang, [{crc32_combine, [fun() -> upto(1 bsl 32) end, fun() -> upto(1 bsl 32) end, fun() -> upto(1000) end]}]) end}
    ]);

%% ---- printing and parsing ----

make(printing) ->
    T = fun gen_term:term/0, F = fun gen_term:float/0, I = fun gen_term:int/0,
    often([
        {4, fun() -> {format, [one(["~p", "~w", "~tp", "~tw", "~0p", "~0tp", "~kp", "~P", "~W", "~30p", "~.3p"]), term(), upto(20)]} end},
        {1, fun() -> {format, [one(["~s", "~ts", "~20s", "~.3s", "~-8ts", "~*ts", "~8.4.0ts"]), often([{2, fun gen_term:text/0}, {1, fun gen_term:binary/0}, {1, fun gen_term:atom/0}, {1, T}]), upto(9)]} end},
        {2, fun() -> {format, [one(["~e", "~f", "~g", "~.10e", "~.3f", "~.1f", "~12.4f", "~.3g", "~.30f"]), one([float(), number()]), 1]} end},
        {1, fun() -> {format, [one(["~b", "~.16b", "~.36B", "~+.10b", "~.2x", "~#", "~c", "~tc", "~5c", "~i~n", "~9.3.0w"]), int(), 1]} end},
        {2, fun() -> call(erlang, [{float_to_list, [F]}, {float_to_binary, [F, [short]]}, {float_to_binary, [F, fun() -> [{decimals, between(0, 30)}] end]},
            {float_to_list, [F, fun() -> [{decimals, between(0, 10)}, compact] end]}, {float_to_list, [F, fun() -> [{scientific, between(0, 25)}] end]}]) end},
        {2, fun() -> call(erlang, [{integer_to_list, [I, fun() -> between(1, 37) end]}, {integer_to_binary, [I, fun() -> between(2, 36) end]}, {integer_to_binary, [I]}]) end},
        {1, fun() -> call(io_lib, [{write_atom, [fun gen_term:atom/0]}, {write_string, [fun gen_term:text/0]}, {char_list, [T]}, {printable_unicode_list, [fun gen_term:text/0]}]) end}
    ]);
make(parsing) ->
    Digits = fun() -> text_number() end,
    often([
        {3, fun() -> call(erlang, [{list_to_integer, [Digits, fun() -> between(2, 36) end]}, {list_to_integer, [Digits]}, {list_to_float, [Digits]}]) end},
        {3, fun() -> call(erlang, [{binary_to_integer, [fun() -> iolist_to_binary(Digits()) end]}, {binary_to_float, [fun() -> iolist_to_binary(Digits()) end]}]) end},
        {1, fun() -> call(string, [{to_integer, [Digits]}, {to_float, [Digits]}]) end},
        {2, fun() -> {scan, [lists:flatten(io_lib:format("~tw", [term()])) ++ one([".", "", "}", " ."])]} end},
        {1, fun() -> {scan, [some(12, fun() -> one("abcXY_019.,;(){}[]<>:=-+*/|!?#$\"'\\ \n") end) ++ "."]} end},
        {1, fun() -> call(erlang, [{list_to_existing_atom, [fun() -> atom_to_list(atom()) end]}, {list_to_binary, [fun iolist/0]}, {iolist_size, [fun iolist/0]}, {list_to_tuple, [fun gen_term:term/0]}]) end}
    ]);

%% ---- external format ----

make(external) ->
    T = fun() -> term(4) end,
    often([
        {3, fun() -> {there_and_back, [T(), one([[], [compressed], [{minor_version, 1}], [{minor_version, 0}], [{compressed, 1}], [deterministic], [local]])]} end},
        {1, fun() -> call(erlang, [{external_size, [T]}, {external_size, [T, [{minor_version, 1}]]}]) end},
        {1, fun() -> {iovec, [T()]} end}
    ]);
make(damaged) ->
    B = term_to_binary(term(), one([[], [], [compressed]])),
    %% Whether an atom is known is not asked of names that damage has made.
    often([{3, fun() -> {decode, [damage(B, between(1, 3)), one([[], [used]])]} end}, {1, fun() -> {decode, [B, one([[safe], [safe, used]])]} end}]);

%% ---- bit syntax ----

make(bits) ->
    often([
        {3, fun() -> {build, list(between(1, 6), fun gen_bits:segment/0)} end},
        {3, fun() -> {take, [bits() | list(between(1, 5), fun gen_bits:pattern/0)]} end}
    ]);

%% ---- maps, sorting, lists ----

make(maps) ->
    Start = maps:from_list(some(one([4, 40, 100]), fun() -> {large_key(), small()} end)),
    {maps, [Start | list(between(1, 8), fun gen_maps:step/0)]};
make(sorting) ->
    L = fun() -> some(one([4, 12, 60]), fun() -> one([small(), key(), term(2)]) end) end,
    Pairs = fun() -> some(one([4, 30]), fun() -> {key(), small(), one([a, b])} end) end,
    P = fun() -> between(1, 3) end,
    often([
        {3, fun() -> call(lists, [{sort, [L]}, {usort, [L]}]) end},
        {2, fun() -> call(lists, [{keysort, [P, Pairs]}, {ukeysort, [P, Pairs]}]) end},
        {2, fun() -> call(lists, [{merge, [fun() -> lists:sort(L()) end, fun() -> lists:sort(L()) end]}, {umerge, [fun() -> lists:usort(L()) end, fun() -> lists:usort(L()) end]},
            {keymerge, [1, fun() -> lists:keysort(1, Pairs()) end, fun() -> lists:keysort(1, Pairs()) end]}]) end},
        {1, fun() -> call(ordsets, [{union, [fun() -> lists:usort(L()) end, fun() -> lists:usort(L()) end]}, {subtract, [fun() -> lists:usort(L()) end, fun() -> lists:usort(L()) end]}]) end}
    ]);
make(lists) ->
    L = fun() -> often([{9, fun() -> some(20, fun gen_term:key/0) end}, {1, fun gen_term:term/0}]) end, K = fun gen_term:key/0, N = fun gen_term:small/0,
    Pairs = fun() -> some(10, fun() -> one([{key(), small()}, {key()}, key()]) end) end,
    often([
        {3, fun() -> call(erlang, [{'++', [L, L]}, {'--', [L, L]}, {length, [L]}, {hd, [L]}, {tl, [L]}]) end},
        {3, fun() -> call(lists, [{member, [K, L]}, {reverse, [L]}, {reverse, [L, K]}, {nth, [N, L]}, {sublist, [L, N, N]}, {delete, [K, L]}, {flatten, [fun gen_term:term/0]},
            {seq, [N, N, N]}, {sum, [L]}, {max, [L]}, {min, [L]}, {last, [L]}, {duplicate, [N, K]}, {split, [N, L]}, {zip, [L, L]}, {prefix, [L, L]}, {suffix, [L, L]}, {enumerate, [N, L]}]) end},
        {3, fun() -> call(lists, [{keyfind, [K, N, Pairs]}, {keymember, [K, 1, Pairs]}, {keysearch, [K, 1, Pairs]}, {keydelete, [K, 1, Pairs]}, {keyreplace, [K, 1, Pairs, {x}]}, {keystore, [K, 1, Pairs, {y, 1}]}, {keytake, [K, 1, Pairs]}]) end},
        {1, fun() -> call(erlang, [{element, [N, fun gen_term:term/0]}, {setelement, [N, fun() -> list_to_tuple(some(4, K)) end, K]}, {append_element, [fun gen_term:term/0, K]},
            {insert_element, [N, fun() -> list_to_tuple(some(4, K)) end, K]}, {delete_element, [N, fun() -> list_to_tuple(some(4, K)) end]}, {tuple_to_list, [fun gen_term:term/0]}, {make_tuple, [N, K]}]) end}
    ]);

%% ---- binaries, re, unicode, strings ----

make(binaries) ->
    B = fun() -> some_text(one([6, 40])) end, P = fun pattern_text/0, N = fun() -> between(-3, 12) end,
    often([
        {3, fun() -> call(binary, [{split, [B, P]}, {split, [B, P, [global]]}, {split, [B, P, [global, trim_all]]}, {split, [B, P, [trim]]}, {matches, [B, P]}, {match, [B, P]},
            {replace, [B, P, <<"--">>, [global]]}, {replace, [B, P, <<"<>">>, [{insert_replaced, 1}]]}, {match, [B, P, fun() -> [{scope, {N(), N()}}] end]}]) end},
        {2, fun() -> call(binary, [{part, [B, N, N]}, {at, [B, N]}, {copy, [B, N]}, {first, [B]}, {last, [B]}, {longest_common_prefix, [[B(), B()]]}, {longest_common_suffix, [[B(), B()]]},
            {encode_unsigned, [fun gen_term:int/0]}, {encode_unsigned, [fun gen_term:int/0, little]}, {decode_unsigned, [B]}, {decode_unsigned, [B, little]}, {encode_hex, [B]}, {bin_to_list, [B, N, N]}]) end},
        {2, fun() -> call(erlang, [{binary_part, [B, N, N]}, {split_binary, [B, N]}, {bitstring_to_list, [fun gen_term:bits/0]}, {list_to_bitstring, [fun() -> [bits(), bits()] end]}, {binary_to_list, [B, N, N]}, {iolist_to_binary, [fun iolist/0]}]) end},
        {1, fun() -> call(base64, [{encode, [fun gen_term:binary/0]}, {decode, [fun gen_term:binary/0]}]) end}
    ]);
make(re) ->
    Options = [O || O <- [caseless, multiline, dotall, extended, ungreedy, dollar_endonly, unicode, anchored, firstline], upto(8) =:= 1],
    %% Back references to a group that is not over yet mean something else to PCRE than to PCRE2.
    Regex = often([{6, fun() -> regex(3) end}, {1, fun() -> "(" ++ regex(0) ++ "+)" ++ regex(1) ++ "\\1" end}]),
    %% Never shorter than the offset below.
    Subject = "ab" ++ some(20, fun() -> one("aabbcABC \n1_-") end),
    often([
        {4, fun() -> {{re, run}, [Subject, Regex, Options ++ one([[], [global], [{capture, all, list}], [{capture, first, index}], [{capture, none}], [{offset, 2}], [notempty], [notbol, noteol]])]} end},
        {1, fun() -> {{re, split}, [Subject, Regex, Options ++ one([[], [{return, list}], [trim], [{parts, 3}], [group]])]} end},
        {1, fun() -> {{re, replace}, [Subject, Regex, one(["<&>", "\\1", "x", ""]), [{return, binary} | Options] ++ one([[], [global]])]} end}
    ]);
make(unicode) ->
    Data = fun chardata/0, E = fun() -> one([utf8, utf16, {utf16, little}, utf32, {utf32, little}, latin1, unicode]) end,
    often([
        {3, fun() -> call(unicode, [{characters_to_binary, [Data, E, E]}, {characters_to_list, [Data, E]}, {characters_to_binary, [Data]}]) end},
        {2, fun() -> call(unicode, [{characters_to_nfc_list, [fun gen_term:text/0]}, {characters_to_nfd_binary, [fun gen_term:text/0]}, {characters_to_nfkc_list, [fun gen_term:text/0]}, {characters_to_nfkd_list, [fun gen_term:text/0]}]) end},
        {1, fun() -> call(unicode, [{bom_to_encoding, [fun gen_term:binary/0]}, {encoding_to_bom, [E]}]) end},
        {1, fun() -> call(erlang, [{atom_to_binary, [fun gen_term:atom/0, fun() -> one([utf8, latin1]) end]}, {binary_to_atom, [fun() -> atom_to_binary(atom()) end]}]) end}
    ]);
make(strings) ->
    S = fun() -> one([text(), unicode:characters_to_binary(text())]) end, N = fun() -> between(0, 6) end,
    call(string, [{length, [S]}, {reverse, [S]}, {uppercase, [S]}, {lowercase, [S]}, {casefold, [S]}, {titlecase, [S]}, {to_graphemes, [S]}, {slice, [S, N, N]}, {pad, [S, N, both, $*]},
        {trim, [S]}, {trim, [S, both, "ab"]}, {split, [S, "a"]}, {split, [S, "b", all]}, {find, [S, "c"]}, {replace, [S, "a", "<>", all]}, {equal, [S, S, true, nfc]}, {lexemes, [S, "bc"]},
        {next_grapheme, [S]}, {prefix, [S, "a"]}, {chomp, [S]}, {take, [S, "abc"]}, {is_empty, [S]}]);

%% ---- match specifications ----

make(match_specs) ->
    Rows = some(one([5, 20]), fun() -> list_to_tuple([key() | list(between(0, 2), fun() -> term(1) end)]) end),
    Spec = list(upto(2), fun gen_ets:clause/0),
    {ets, [one([set, ordered_set, bag, duplicate_bag]), Rows, one([select, select_delete, select_count, select_replace, test, match, match_object, match_delete, select_reverse]), Spec]};

%% ---- programs ----

make(programs) ->
    {program, [gen_program:expression(5), [one([small(), int()]), number(), one([[1, 2, 3], "abc", [], some(5, fun gen_term:int/0), term(1)])]]}.

%% ---- what a case does ----

do({M, F}, Arguments) when is_atom(M), is_atom(F) -> apply(M, F, Arguments);
do(power, [B, N]) when is_integer(N), N =< 400 -> power(B, N);
do(chain, [First | Steps]) when length(Steps) < 20 ->
    lists:foldl(fun({'bsl', N}, _) when abs(N) > 200 -> N; ({Op, N}, X) -> erlang:Op(X, N) end, First, Steps);
do(format, [F, T, Depth]) ->
    Arguments = case F of
        "~P" -> [T, Depth];
        "~W" -> [T, Depth];
        "~*ts" -> [Depth, T];
        "~.2x" -> [T, "0b"];
        _ -> [T]
    end,
    unicode:characters_to_list(io_lib:format(F, Arguments));
do(scan, [Text]) ->
    case erl_scan:string(Text) of
        {ok, Tokens, _} -> {Tokens, try erl_parse:parse_term(Tokens) catch C:R -> {C, R} end};
        Other -> Other
    end;
do(there_and_back, [T, Options]) ->
    B = term_to_binary(T, Options),
    %% A local encoding has a number of the node in it.
    {Options =:= [local] orelse B, binary_to_term(B) =:= T};
do(iovec, [T]) -> iolist_to_binary(term_to_iovec(T));
do(decode, [B, Options]) ->
    case binary_to_term(B, Options) of
        {T, Used} -> {show(T), Used};
        T -> show(T)
    end;
do(build, Segments) -> << <<(gen_bits:build(S))/bits>> || S <- Segments >>;
do(take, [Bits | Patterns]) -> gen_bits:take(Patterns, Bits, []);
do(maps, [Map | Steps]) -> lists:foldl(fun gen_maps:do/2, {Map, []}, Steps);
do(ets, [Type, Rows, How, Spec]) -> gen_ets:do(Type, Rows, How, Spec);
do(program, [Expression, Arguments]) -> gen_program:run(Expression, Arguments);
do(_, _) -> not_a_case.

%% Pids, references, ports and funs of a damaged term may be any.
show(T) -> lists:flatten(io_lib:format("~0tkp", [T])).

power(_, 0) -> 1;
power(B, N) -> B * power(B, N - 1).

%% ---- pieces ----

%% A term that differs little from another.
near(N) when is_integer(N) -> one([N + 1, N - 1, catch float(N), -N]);
near(F) when is_float(F) -> one([-F, trunc(F), F + 1.0, round(F)]);
near([H | T]) -> one([[near(H) | T], [H | near(T)], T]);
near(T) when is_tuple(T), tuple_size(T) > 0 -> N = upto(tuple_size(T)), setelement(N, T, near(element(N, T)));
near(M) when is_map(M), map_size(M) > 0 -> K = one(lists:sort(maps:keys(M))), one([M#{K := near(map_get(K, M))}, maps:remove(K, M), M#{key() => 1}]);
near(B) when is_binary(B), byte_size(B) > 0 -> N = upto(byte_size(B)) - 1, <<A:N/binary, X, C/binary>> = B, <<A/binary, (X + 1), C/binary>>;
near(A) when is_atom(A) -> atom();
near(_) -> term(1).

damage(B, 0) -> B;
damage(B, N) ->
    At = between(1, max(1, byte_size(B) - 1)),
    Bad = case {upto(5), B} of
        {1, <<A:At/binary, _/binary>>} -> A;
        {2, <<A:At/binary, _, C/binary>>} -> <<A/binary, C/binary>>;
        {3, <<A:At/binary, C/binary>>} -> <<A/binary, (upto(256) - 1), C/binary>>;
        {_, <<A:At/binary, X, C/binary>>} -> <<A/binary, (one([X + 1, X - 1, X bxor 128, upto(256) - 1])), C/binary>>;
        _ -> B
    end,
    damage(Bad, N - 1).

text_number() ->
    often([
        {4, fun() -> integer_to_list(int()) end},
        {4, fun() -> float_to_list(float()) end},
        {2, fun() -> io_lib_format:fwrite_g(float()) end},
        {2, fun() -> one(["+", "-", ""]) ++ some(25, fun() -> one("0123456789") end) ++ one(["", ".", ".5", ".0e10", "e5", ".1e-400", ".1E+3", "_1", " "]) end},
        {1, fun() -> some(6, fun() -> one("0123456789abzAZ+-._ ") end) end}
    ]).

iolist() -> iolist(3).
iolist(0) -> one([binary(), between(0, 260), []]);
iolist(D) -> often([{4, fun() -> some(4, fun() -> iolist(D - 1) end) end}, {1, fun() -> [iolist(D - 1) | binary()] end}, {1, fun gen_term:binary/0}]).

chardata() ->
    often([{3, fun gen_term:text/0}, {2, fun gen_term:binary/0}, {2, fun() -> some(3, fun() -> one([text(), binary(), char()]) end) end},
        {1, fun() -> damage(unicode:characters_to_binary(text()), 1) end}, {1, fun() -> some(4, fun() -> one([char(), 16#d800, 16#110000, -1, 16#ffff]) end) end}]).

some_text(Most) -> list_to_binary(some(Most, fun() -> one("aaabbc") end)).
pattern_text() -> often([{3, fun() -> nonempty() end}, {2, fun() -> list(between(1, 3), fun nonempty/0) end}, {1, fun() -> one([<<>>, [], [<<>>], a]) end}]).
nonempty() -> list_to_binary(list(between(1, 3), fun() -> one("abc") end)).

regex(0) -> one(["a", "b", "c", ".", "\\w", "\\d", "\\s", "[ab]", "[^a]", "^", "$", "\\b", "[a-c]", "A", "\\n", "[[:alpha:]]", "\\W"]);
regex(D) ->
    In = fun() -> regex(D - 1) end,
    often([
        {4, fun() -> In() ++ In() end},
        {2, fun() -> In() ++ one(["*", "+", "?", "{2}", "{1,3}", "*?", "+?", "*+"]) end},
        {2, fun() -> "(" ++ In() ++ ")" end},
        {1, fun() -> "(?:" ++ In() ++ "|" ++ In() ++ ")" end},
        {1, fun() -> one(["(?=", "(?!", "(?i)(", "(?<n>", "(?>"]) ++ In() ++ ")" end},
        %% What is longer may have no fixed length for PCRE where PCRE2 knows a way.
        {1, fun() -> one(["(?<=", "(?<!"]) ++ regex(0) ++ ")" end},
        {2, fun() -> regex(0) end}
    ]).

