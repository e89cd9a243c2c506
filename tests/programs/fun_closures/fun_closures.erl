-module(fun_closures).
-export([ext/1, ext/2]).
-include("t.hrl").
main() ->
    Adders = [fun(X) -> X + N end || N <- [1, 10, 100]],
    ?P([F(5) || F <- Adders]), {A, B, C} = ?id({1, "two", #{k => 3}}),
    ?P((fun() -> {A, B, C} end)()),
    ?P((fun(X, Y) -> fun(Z) -> {A, X, Y, Z, B} end end)(1, 2)),
    ?P(((fun(X) -> fun(Y) -> X * Y + A end end)(6))(7)),
    ?P((fun F1(0) -> 1; F1(N) -> N * F1(N - 1) end)(20)),
    ?P((fun Loop(0, Acc) -> Acc; Loop(N, Acc) -> Loop(N - 1, [N | Acc]) end)(10, [])),
    ?P((fun ext/1)(z)),
    ?P((fun ?MODULE:ext/2)(1, 2)),
    ?P(?MODULE:ext(3)),
    ?P(apply(fun ext/1, [q])),
    ?P(apply(?MODULE, ext, [1, 2])),
    ?P(apply(?id(?MODULE), ?id(ext), [9])),
    ?P((?id(?MODULE)):(?id(ext))(8)), M = ?id(lists),
    ?P(M:reverse([1, 2, 3])),
    ?P((?id(erlang)):(?id('+'))(1, 2)),
    ?P(apply(erlang, hd, [[a]])),
    ?P(apply(erlang, element, [2, {a, b}])),
    ?P(apply(apply, [erlang, abs, [-5]])),
    ?P(fun lists:map/2 =:= fun lists:map/2),
    ?P(fun ext/1 =:= fun ext/1),
    ?P(is_function(fun ext/1, 1)),
    ?P(compose([fun(X) -> X + 1 end, fun(X) -> X * 2 end, fun integer_to_list/1])),
    ?P((compose([fun(X) -> X + 1 end, fun(X) -> X * 2 end, fun integer_to_list/1]))(5)),
    ?P((?id(x))(1)),
    ?P((?id(fun(_) -> 1 end))(1, 2)),
    ?P((?id(fun() -> 1 end))(a)),
    ?P(nomod:nofun(1)),
    ?P(?MODULE:nofun(1)),
    ?P((?id(a)):(?id("b"))()),
    ?P((?id(1)):foo()),
    ?P(apply(?id(lists), ?id(reverse), ?id(notalist))),
    ?P(apply(?id(lists), ?id(reverse), ?id([a | b]))),
    ?P(apply(fun(_) -> 1 end, ?id([1, 2]))),
    ?P((fun lists:nosuch/3)(1, 2, 3)),
    ?P((fun(X) when X > 0 -> pos end)(?id(-1))),
    ?P(apply(?id({a, b}), [])),
    ?P(fi(fun ext/1)),
    ?P(fi(fun lists:map/2)),
    ?P(erlang:fun_info(fun lists:map/2, module)),
    ?P(erlang:fun_info(fun(_, _) -> A end, arity)),
    ?P(erlang:fun_info(fun() -> {A, B} end, env)),
    ?P(erlang:fun_info(fun() -> A end, type)),
    ?P(erlang:fun_info(fun lists:map/2, type)),
    ?P(erlang:fun_info(fun lists:map/2, env)),
    ?P(erlang:fun_info(?id(a), env)),
    ?P(erlang:fun_info(fun() -> a end, ?id(bogus))),
    ?P(erlang:fun_to_list(fun lists:map/2)),
    ?P(erlang:make_fun(lists, nth, 2) =:= fun lists:nth/2),
    ?P(erlang:make_fun(?id(a), b, ?id(-1))),
    ?P(is_function(erlang:make_fun(nomod, nofun, 3), 3)),
    ?P(lists:map(fun({X, Y}) -> X + Y; (Z) when is_atom(Z) -> Z; (_) -> other end, [{1, 2}, a, "s"])),
    ?P(counter(3)),
    ?P(many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
    ?P((many_args())(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)),
    ?P(y(fun(S) -> fun(0) -> 0; (N) -> N + S(N - 1) end end, 100)),
    ?P(erlang:function_exported(?MODULE, ext, 2)),
    ?P(erlang:function_exported(?MODULE, many, 10)),
    ?P(erlang:is_builtin(erlang, hd, 1)),
    ?P(lists:usort([erlang:phash2(fun lists:map/2), erlang:phash2(fun lists:map/2)]) =:= [34981515]),
    ?P(begin F9 = fun ext/2, F9(a, b) end),
    ?P(lists:sum([lists:sum(deep(N, N)) || N <- lists:seq(1, 200)])).
ext(X) -> {ext, X}.
ext(X, Y) -> {ext, X, Y}.
fi(F) -> {erlang:fun_info(F, module), erlang:fun_info(F, name), erlang:fun_info(F, arity)}.
compose(Fs) -> fun(X) -> lists:foldl(fun(F, A) -> F(A) end, X, Fs) end.
counter(0) -> [];
counter(N) -> F = fun() -> N end, [F() | counter(N - 1)].
many(A, B, C, D, E, F, G, H, I, J) -> Fun = fun(X) -> [X, A, B, C, D, E, F, G, H, I, J] end, Fun(fun() -> J end()).
many_args() -> fun(A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T) -> A + B + C + D + E + F + G + H + I + J + K + L + M + N + O + P + Q + R + S * T end.
y(F, X) -> (F(fun(N) -> y(F, N) end))(X).
%% Many funs made at once, wherever heap and stack happen to meet.
deep(0, _) -> [];
deep(N, X) ->
    Fs = [fun() -> X end, fun() -> X + 1 end, fun() -> X + 2 end, fun() -> X + 3 end, fun() -> X + 4 end, fun() -> X + 5 end, fun() -> X + 6 end,
        fun() -> X + 7 end, fun() -> X + 8 end, fun() -> X + 9 end, fun() -> X + 10 end, fun() -> X + 11 end],
    S = [(lists:nth(1 + N rem 12, Fs))() | deep(N - 1, X)],
    _ = length(Fs),
    S.
