%% The same functions as compilers of older releases and with fewer optimisations would have them: other instructions,
%% the same results.
-module(code_old_compilers).
-export([main/0]).

source() ->
    "-module(m).\n"
    "-compile(export_all).\n"
    "-record(r, {a, b = 2, c}).\n"
    "ints(<<A:8, B:16/little, C:3/signed, D:5, R/bits>>) -> {A, B, C, D, R};\n"
    "ints(<<A:4, R/bits>>) -> {A, R};\n"
    "ints(_) -> none.\n"
    "sized(<<N:8, B:N/binary, R/binary>>) -> {N, B, R};\n"
    "sized(_) -> none.\n"
    "floats(<<F/float, G:32/float-little, _/bits>>) -> {F, G};\n"
    "floats(<<1:1, _:7, R/bits>>) -> floats(R);\n"
    "floats(_) -> none.\n"
    "text(<<C/utf8, R/bits>>, A) -> text(R, [C | A]);\n"
    "text(<<C:7, R/bits>>, A) -> text(R, [-C | A]);\n"
    "text(R, A) -> {lists:reverse(A), R}.\n"
    "wide(<<A/utf16, B/utf32, \"tail\">>) -> {A, B};\n"
    "wide(<<_/utf16, R/bits>>) -> {skipped, R};\n"
    "wide(_) -> none.\n"
    "literal(<<\"GET \", R/binary>>) -> {get, R};\n"
    "literal(<<\"PUT \", R/binary>>) -> {put, R};\n"
    "literal(<<_:24, R/binary-unit:8>>) -> {other, R};\n"
    "literal(_) -> none.\n"
    "build(A, B) -> <<A:16, B/binary, \"lit\", (byte_size(B)):32/little, 1.5/float>>.\n"
    "bits(A, N) -> << <<(X bxor A):N>> || X <- lists:seq(1, 20) >>.\n"
    "collect(B) -> << <<X, X>> || <<X:4>> <= B, X > 3 >>.\n"
    "chars(A, B) -> <<A/utf8, B/utf16, A/utf32-little>>.\n"
    "append(0, B) -> B;\n"
    "append(N, B) -> append(N - 1, <<B/binary, N:16>>).\n"
    "record(N) -> R = #r{a = N}, R1 = R#r{b = N, c = {N}}, {R, R1#r{a = x}, is_record(R, r)}.\n"
    "map(M, K) -> case M of #{K := V} -> {V, M#{K := [V], new => 1}}; #{} -> M#{K => none} end.\n"
    "floats_of(X, Y) -> try (X * 2.5 + Y) / (X - Y) - float(Y) catch error:E -> E end.\n"
    "catches(F) -> try F() of {ok, V} -> V; W -> {w, W} catch throw:T -> {t, T}; C:E:S -> {C, E, is_list(S)} after put(m, done) end.\n"
    "old_catch(F) -> {catch F(), get(m)}.\n"
    "call() ->\n"
    "    Ref = make_ref(), self() ! {Ref, 1}, self() ! junk,\n"
    "    A = receive {Ref, X} -> X end,\n"
    "    B = receive nothing -> no after 1 -> late end,\n"
    "    C = receive Y -> Y after 0 -> none end, {A, B, C}.\n"
    "funs(N) -> F = fun(X) -> X + N end, G = fun Fac(0) -> 1; Fac(K) -> K * Fac(K - 1) end, {F(1), G(N), lists:map(F, [1, 2])}.\n"
    "select(X) -> case X of a -> 1; b -> 2; 1.0 -> 3; {_} -> 4; {_, _} -> 5; [] -> 6; 1 bsl 70 -> 7; \"s\" -> 8; _ -> 9 end.\n".

calls() ->
    B = <<1, 2, 3, 16#e5, 5, 6, 7>>,
    [{ints, [B]}, {ints, [<<5:4, 1:1>>]}, {ints, [<<1:1>>]}, {ints, [x]},
     {sized, [<<2, B/binary>>]}, {sized, [<<200, 1>>]},
     {floats, [<<1.5/float, 2.5:32/float-little, 1>>]}, {floats, [<<255, -1:64, 0>>]}, {floats, [<<16#7ff:12, 1:84>>]},
     {text, [<<"aé€"/utf8, 255, 3:3>>, []]}, {wide, [<<$a/utf16, 16#1f600/utf32, "tail">>]}, {wide, [<<$a/utf16, 7>>]},
     {wide, [<<16#dc00:16>>]}, {literal, [<<"GET x">>]}, {literal, [<<"PUT ">>]}, {literal, [<<"POST">>]},
     {literal, [<<1>>]}, {build, [7, <<"abc">>]}, {bits, [5, 5]}, {bits, [5, 64]}, {collect, [B]},
     {chars, [16#20ac, 16#1f600]}, {append, [300, <<>>]}, {record, [1]}, {map, [#{a => 1}, a]}, {map, [#{a => 1}, b]},
     {map, [maps:from_list([{I, I} || I <- lists:seq(1, 50)]), 7]}, {floats_of, [1.5, 2]}, {floats_of, [2, 2.0]},
     {catches, [fun() -> {ok, 1} end]}, {catches, [fun() -> 2 end]}, {catches, [fun() -> throw(3) end]},
     {catches, [fun() -> exit(4) end]}, {catches, [fun() -> element(5, {}) end]}, {old_catch, [fun() -> throw(x) end]},
     {call, []}, {funs, [5]}, {select, [a]}, {select, [1.0]}, {select, [{1}]}, {select, [{1, 2}]}, {select, [[]]},
     {select, [1 bsl 70]}, {select, ["s"]}, {select, [1]}].

options() ->
    [[], [r24], [r25], [r26], [no_bs_match], [no_ssa_opt], [no_ssa_opt, no_type_opt, no_copt],
     [no_recv_opt], [no_module_opt, inline],
     [no_bool_opt, no_postopt], [line_coverage], [no_line_info], [beam_debug_info], [deterministic]].

main() ->
    {ok, Tokens, _} = erl_scan:string(source()),
    Forms = forms(Tokens, []),
    [First | _] = All = [{O, results(Forms, O)} || O <- options()],
    {[], Expected} = First,
    [io:format("~p: ~0kp~n", [C, R]) || {C, R} <- Expected],
    [case R of
         Expected -> io:format("~p: the same~n", [O]);
         _ -> io:format("~p: ~p~n", [O, R -- Expected])
     end || {O, R} <- All],
    ok.

forms([], Forms) -> lists:reverse(Forms);
forms(Tokens, Forms) ->
    {Form, [Dot | Rest]} = lists:splitwith(fun(T) -> element(1, T) =/= dot end, Tokens),
    {ok, F} = erl_parse:parse_form(Form ++ [Dot]),
    forms(Rest, [F | Forms]).

results(Forms, Options) ->
    {ok, m, Beam} = compile:forms(Forms, Options),
    code:purge(m),
    {module, m} = code:load_binary(m, "m.beam", Beam),
    [{F, show(catch apply(m, F, A))} || {F, A} <- calls()].

%% Without what differs from run to run.
show({'EXIT', {Reason, _}}) -> {error, Reason};
show(V) -> V.
