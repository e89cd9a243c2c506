-module(erl_eval_).
-include("t.hrl").
main() ->
    [io:format("~ts => ~ts~n", [S, t__show(e(S))]) || S <- ["1 + 2 * 3.", "[X || X <- lists:seq(1, 5), X > 2].", "F = fun(X) -> X * 2 end, F(21).", "case {a, 1} of {a, N} when N > 0 -> N; _ -> z end.", "try error(x) catch error:R -> {caught, R} end.", "#{a => 1, b => 2}.", "<<1:16, \"abc\">>.", "<<A:4, B:4>> = <<16#AB>>, {A, B}.", "receive x -> y after 0 -> none end.", "1 = 2.", "foo:bar().", "X.", "begin Y = 5, Y + 1 end.", "if 1 > 2 -> a; true -> b end.", "fun lists:reverse/1.", "(fun F(0) -> 1; F(N) -> N * F(N - 1) end)(20).", "[{K, V} || K := V <- #{x => 1}].", "maybe {ok, Z} ?= {ok, 3}, Z else _ -> no end.", "catch throw(q).", "1 / 0.", "\"a\" \"b\" ++ \"c\".", "$a + 1.", "not true.", "{[], {}, <<>>, ''}.", "length([1, 2]) =:= 2 andalso yes.", "<< <<X>> || X <- [1, 2] >>.", "1 bsl 100.", "lists:map(fun({A, _}) -> A end, [{1, 2}]).", "spawn(fun() -> ok end) =/= x.", "A = 1, A = 2.", "self() =:= self().", "~\"bin sigil\".", "16#ff + 2#11.", "1 +.", "\"unterminated.", "{a, b", "[1 | 2]. x.", "1.5e3.", "$\\n.", "'quoted atom'.", "begin M = #{k => v}, #{k := W} = M, W end."]],
    ?P(erl_scan:string("foo(X, \"s\", $c, 1.5, 'a b') -> ok. % comment")),
    ?P(erl_scan:string("'unterminated")),
    ?P(erl_scan:string("1.5e")),
    ?P(erl_scan:string("a\nb.", {1, 1}, [return])),
    ?P(erl_scan:tokens([], "a. b", 1)),
    ?P(parse("f(X) when X > 0 -> [X | f(X - 1)]; f(_) -> [].")),
    ?P(parse("f( -> x.")),
    ?P(parse("-record(r, {a = 1, b :: integer()}).")),
    ?P(parse("-spec f(integer()) -> [atom()] | {ok, T} when T :: term().")),
    ?P(parse("-type t() :: #{a := 1, b => 2} | fun((...) -> ok).")),
    ?P(erl_parse:parse_exprs(element(2, erl_scan:string("a:b(C), <<X:8/little>>.")))), {ok, Fm} = erl_parse:parse_form(element(2, erl_scan:string("g(X) -> case X of {A, _} when is_atom(A) -> [A || _ <- [1]]; #{k := V} -> fun(Q) -> Q + V end; \"s\" -> try foo:bar(X) catch _:E:S -> {E, S} after ok end end."))), io:format("~s~n", [erl_pp:form(Fm)]),
    ?P(erl_parse:normalise(erl_parse:abstract({a, [1, "x"], <<1>>, #{k => 1.5}}))),
    ?P(erl_lint:module([{attribute, 1, module, m}, {function, 2, f, 1, [{clause, 2, [{var, 2, 'X'}], [], [{var, 2, 'Y'}]}]}])),
    ?P(erl_eval:exprs(element(2, erl_parse:parse_exprs(element(2, erl_scan:string("X = 1, Y = X + 1.")))), [])),
    ?P(compile:forms([{attribute, 1, module, bad}, {attribute, 1, export, [{nof, 0}]}], [return])), {ok, cm, Bin} = compile:forms([{attribute, 1, module, cm}, {attribute, 1, export, [{f, 1}]}, {function, 2, f, 1, [{clause, 2, [{var, 2, 'X'}], [], [{op, 2, '*', {var, 2, 'X'}, {integer, 2, 2}}]}]}], [debug_info]),
    ?P(is_binary(Bin)), code:load_binary(cm, "cm", Bin),
    ?P(cm:f(21)),
    ?P([C || {C, _} <- element(3, beam_lib:all_chunks(Bin)), C =/= "Type"]),
    ?P(begin {ok, {cm, [{exports, Ex}]}} = beam_lib:chunks(Bin, [exports]), lists:sort(Ex) end),
    ?P(element(1, beam_lib:chunks(Bin, [abstract_code]))),
    ?P(beam_lib:chunks(<<"x">>, [exports]) =/= x),
    ?P(begin {ok, cm2, [], _} = {ok, cm2, [], x}, element(1, compile:forms([{attribute, 1, module, cm2}], ['S', binary])) end), file:write_file("tm.erl", "-module(tm).\n-export([f/0]).\n-define(M(X), {X, ?LINE, ??X}).\n-ifdef(D).\nf() -> d.\n-else.\nf() -> ?M(a + b).\n-endif.\n"),
    ?P(element(1, compile:file("tm", [binary]))),
    ?P(begin {ok, tm, B} = compile:file("tm", [binary, {d, 'D'}]), code:load_binary(tm, "tm", B), tm:f() end), file:write_file("bad.erl", "-module(bad).\n-export([f/1]).\nf(X) -> Y.\ng() -> ok.\n"),
    ?P(compile:file("bad", [return])),
    ?P(epp:parse_file("tm.erl", []) =/= x),
    ?P(erl_internal:bif(hd, 1)),
    ?P(io_lib:format("~p", [erl_parse:abstract(x)]) =/= x).
e(S) -> case erl_scan:string(S) of {ok, T, _} -> case erl_parse:parse_exprs(T) of {ok, E} -> try erl_eval:exprs(E, []) of {value, V, _} -> V catch C:R -> {C, R} end; {error, {L, M, D}} -> {parse, L, lists:flatten(M:format_error(D))} end; {error, {L, M, D}, _} -> {scan, L, lists:flatten(M:format_error(D))} end.
parse(S) -> case erl_parse:parse_form(element(2, erl_scan:string(S))) of {ok, F} -> F; {error, {L, M, D}} -> {L, lists:flatten(M:format_error(D))} end.
