%% Stack traces: modules, functions, arities or arguments, lines.
-module(exc_stack).
-export([level/1]).
-include("t.hrl").
main() ->
    s(fun() -> a(1) end),
    s(fun() -> b(?id(x)) end),
    s(fun() -> lists:map(fun(X) -> 1 / X end, [1, 0]) end),
    s(fun() -> c(z) end),
    s(fun() -> nomod:nofun(1, 2) end),
    s(fun() -> ?MODULE:nofun([]) end),
    s(fun() -> (fun(X) when X > 1 -> X end)(0) end),
    s(fun() -> (?id(fun(_) -> 1 end))(1, 2) end),
    s(fun() -> element(?id(3), {a}) end),
    s(fun() -> apply(erlang, element, [3, {a}]) end),
    s(fun() -> lists:keyfind(a, 0, []) end),
    s(fun() -> atom_to_list(?id(1)) end),
    s(fun() -> erlang:error(r, [some, args]) end),
    s(fun() -> error(r) end),
    s(fun() -> throw(t) end),
    s(fun() -> exit(e) end),
    s(fun() -> level(3) end),
    s(fun() -> tail(3) end),
    s(fun() -> try error(in) catch _:_ -> error(out) end end),
    s(fun() -> try error(in) catch C:R:S -> erlang:raise(C, R, S) end end),
    s(fun() -> erlang:raise(error, custom, [{m, f, 2, [{file, "f"}, {line, 7}]}]) end),
    s(fun() -> try error(in) after ok end end),
    s(fun() -> maps:get(k, #{}) end),
    s(fun() -> binary_to_integer(<<"x">>) end),
    s(fun() -> <<(?id(a)):8>> end),
    s(fun() -> 1 = ?id(2) end),
    s(fun() -> gb_trees:get(a, gb_trees:empty()) end),
    s(fun() -> lists:nth(5, [1]) end),
    s(fun() -> length(?id(a)) end),
    s(fun() -> if_(0) end),
    s(fun() -> [X || X <- ?id(a)] end),
    s(fun() -> (?id(#{}))#{a := 1} end),
    s(fun() -> receive after ?id(-1) -> ok end end),
    s(fun() -> spawn(?id(a), b, ?id(c)) end),
    {'EXIT', {r, St}} = (catch error(r)), io:format("~p~n", [hd(St)]), io:format("~p~n", [[length(element(2, element(2, catch deep(N)))) || N <- [5, 50]]]), erlang:system_flag(backtrace_depth, 3), io:format("~p~n", [length(element(2, element(2, catch deep(50))))]), ok.
a(X) -> Y = a2(X, [1]), {Y}.
a2(X, Y) -> Z = X + hd(Y) + ?id(a),
    {Z}.
b(X) when is_integer(X) -> X.
c(X) -> {case X of y -> 1 end}.
level(0) ->
    error(bottom);
level(N) ->
    R = ?MODULE:level(N - 1),
    {R}.
tail(0) -> error(tail);
tail(N) -> tail(N - 1).
if_(X) -> {if X > 1 -> a end}.
deep(0) -> error(deep);
deep(N) -> 1 + deep(N - 1).
s(F) ->
    try F() of V -> io:format("value ~p~n", [V])
    catch C:R:S0 ->
        S = lists:takewhile(fun({?MODULE, s, 1, _}) -> false; (_) -> true end, S0),
        io:format("~p:~0p~n", [C, R]), [io:format("    ~0p ~0p~n", [{M, Fun, A}, [I || I = {K, _} <- Inf, K =/= error_info, M =:= ?MODULE]]) || {M, Fun, A, Inf} <- S]
    end.
