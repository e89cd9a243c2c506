-module(code_loading).
-include("t.hrl").
main() ->
    V1 = comp("-module(m). -export([v/0, loop/0, f/0, ext/0]). v() -> 1. loop() -> receive upgrade -> m:loop(); {v, P} -> P ! {v, v()}, loop(); stop -> ok end. f() -> fun() -> v() end. ext() -> fun m:v/0."), V2 = comp("-module(m). -export([v/0, loop/0, f/0]). v() -> 2. loop() -> receive upgrade -> m:loop(); {v, P} -> P ! {v, v()}, loop(); stop -> ok end. f() -> fun() -> v() end."), V3 = comp("-module(m). -export([v/0]). -on_load(init/0). init() -> refuse. v() -> 3."), V4 = comp("-module(m). -export([v/0]). -on_load(init/0). init() -> put(x, 1), ok. v() -> 4."),
    ?P(m:v()),
    ?P(code:load_binary(m, "m.erl", V1)),
    ?P(m:v()),
    ?P(erlang:module_loaded(m)),
    ?P(code:is_loaded(m)), P = spawn(m, loop, []),
    ?P(ask(P)), F1 = m:f(), E1 = m:ext(),
    ?P(code:load_binary(m, "m.erl", V2)),
    ?P(m:v()),
    ?P(ask(P)),
    ?P(F1()),
    ?P(E1()),
    ?P(erlang:check_process_code(P, m)),
    ?P(code:soft_purge(m)),
    ?P(erlang:check_old_code(m)),
    ?P(code:load_binary(m, "m.erl", V1)), P ! upgrade, ?P(ask(P)),
    ?P(erlang:check_process_code(P, m)), F1x = F1, ?P(erlang:check_process_code(self(), m)),
    ?P(is_function(F1x)),
    ?P(code:purge(m)),
    ?P(catch F1x()), ok.
ask(P) -> P ! {v, self()}, receive {v, V} -> V after 500 -> no_answer end.
comp(S) -> {ok, _, B} = compile:forms(forms(S)), B.
forms(S) -> {ok, T, _} = erl_scan:string(S), split(T, []).
split([], []) -> [];
split([{dot, _} = D | T], A) -> {ok, F} = erl_parse:parse_form(lists:reverse([D | A])), [F | split(T, [])];
split([X | T], A) -> split(T, [X | A]).
