-module(code_onload).
-include("t.hrl").
main() ->
    logger:set_primary_config(level, none),
    ?P(load(ol1, "-on_load(i/0). i() -> ok. v() -> 1.")),
    ?P(ol1:v()),
    ?P(load(ol2, "-on_load(i/0). i() -> {error, no}. v() -> 1.")),
    ?P(catch_(fun() -> ol2:v() end)),
    ?P(load(ol3, "-on_load(i/0). i() -> error(crash). v() -> 1.")),
    ?P(code:is_loaded(ol3)),
    ?P(load(ol4, "-on_load(i/0). i() -> persistent_term:put(ol4, v()), ok. v() -> 44.")),
    ?P(persistent_term:get(ol4)),
    ?P(load(ol1, "-on_load(i/0). i() -> false. v() -> 2.")),
    ?P(ol1:v()),
    ?P(load(ol1, "v() -> 3.")),
    ?P(ol1:v()),
    ?P(load(ol5, "-on_load(i/0). i() -> spawn(fun() -> persistent_term:put(ol5, 5) end), receive after 10 -> ok end. v() -> 5.")),
    ?P(ol5:v()),
    ?P(load(ol6, "-on_load(i/0). -export([w/0]). i() -> R = (catch ol6:w()), persistent_term:put(ol6, R), ok. v() -> 6. w() -> 7.")),
    ?P(element(1, persistent_term:get(ol6)) =/= x),
    ?P(persistent_term:get(ol5)).
load(M, Body) -> code:load_binary(M, atom_to_list(M), comp("-module(" ++ atom_to_list(M) ++ "). -export([v/0]). " ++ Body)).
catch_(F) -> try F() catch C:R -> {C, R} end.
comp(S) -> {ok, _, B} = compile:forms(forms(S)), B.
forms(S) -> {ok, T, _} = erl_scan:string(S), split(T, []).
split([], []) -> [];
split([{dot, _} = D | T], A) -> {ok, F} = erl_parse:parse_form(lists:reverse([D | A])), [F | split(T, [])];
split([X | T], A) -> split(T, [X | A]).
