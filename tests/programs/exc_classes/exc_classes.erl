-module(exc_classes).
-include("t.hrl").
main() ->
    [io:format("~p: ~p~n", [N, f(N)]) || N <- lists:seq(1, 30)], ?P(catch throw(x)),
    ?P(catch exit(x)),
    ?P(element(1, element(2, catch error(x)))),
    ?P(catch 1),
    ?P(nested()),
    ?P(after_order()),
    ?P(rethrow()),
    ?P(erlang:raise(throw, r, [])),
    ?P(erlang:raise(exit, r, [])),
    ?P(erlang:raise(error, r, [])),
    ?P(erlang:raise(?id(bogus), r, [])),
    ?P(erlang:raise(error, r, ?id(bad))),
    ?P(try_of(1)),
    ?P(try_of(2)),
    ?P(try_of(a)),
    ?P(deep_throw(1000)),
    ?P(catch deep_err(100)),
    ?P(afters()),
    ?P(try exit(normal) catch exit:normal -> normal end),
    ?P(try throw({a, b}) catch {a, X} -> X end),
    ?P(try throw(nocatch_class) catch error:_ -> wrong end),
    ?P(state(?id([1, 2, 3]))),
    ?P(maybe_(1)),
    ?P(maybe_(2)),
    ?P(maybe_(3)),
    ?P(lists:map(fun(X) -> catch 10 div X end =/= 5, [1])),
    ?P(in_guard(?id(a))),
    ?P(many_catch(100000, 0)).
f(1) -> t(fun() -> error(badarg) end);
f(2) -> t(fun() -> throw(ball) end);
f(3) -> t(fun() -> exit(bye) end);
f(4) -> t(fun() -> 1 = ?id(2) end);
f(5) -> t(fun() -> case ?id(1) of 2 -> x end end);
f(6) -> t(fun() -> if self() =:= x -> y end end);
f(7) -> t(fun() -> only_a(b) end);
f(8) -> t(fun() -> (fun(1) -> x end)(2) end);
f(9) -> t(fun() -> try 1 of 2 -> x catch _:_ -> y end end);
f(10) -> t(fun() -> ?id(1) + a end);
f(11) -> t(fun() -> atom_to_list(?id("x")) end);
f(12) -> t(fun() -> nomod:nofun() end);
f(13) -> t(fun() -> (?id(notfun))() end);
f(14) -> t(fun() -> (fun() -> 1 end)(?id(1)) end);
f(15) -> t(fun() -> maps:get(k, #{}) end);
f(16) -> t(fun() -> (?id(1))#{a => b} end);
f(17) -> t(fun() -> element(5, ?id({})) end);
f(18) -> t(fun() -> erlang:error(r, [args]) end);
f(19) -> t(fun() -> erlang:error({with, "data"}, none, []) end);
f(20) -> t(fun() -> exit({shutdown, x}) end);
f(21) -> t(fun() -> list_to_atom(lists:duplicate(300, $a)) end);
f(22) -> t(fun() -> spawn(?id(x)) end);
f(23) -> t(fun() -> ?id(x) andalso true end);
f(24) -> t(fun() -> [a || ?id(x)] end);
f(25) -> t(fun() -> hd(?id([])) end);
f(26) -> t(fun() -> binary_to_term(<<>>) end);
f(27) -> t(fun() -> {A, A} = ?id({1, 2}), A end);
f(28) -> t(fun() -> receive after ?id(a) -> x end end);
f(29) -> t(fun() -> ?id(self()) ! x, noproc_name ! x end);
f(30) -> t(fun() -> "abc" = ?id("abd") end).
t(F) -> try F() of V -> {value, V} catch C:R -> {C, R} end.
only_a(a) -> ok.
nested() -> try try throw(a) catch throw:a -> throw(b) after put(x, 1) end catch throw:B -> {B, get(x)} end.
after_order() -> put(o, []), P = fun(X) -> put(o, [X | get(o)]) end, (catch try try P(1), exit(q) after P(2) end after P(3) end), try P(4) of _ -> P(5) after P(6) end, lists:reverse(get(o)).
rethrow() -> try try error(orig) catch C:R:S -> erlang:raise(C, {wrapped, R}, S) end catch error:{wrapped, X} -> X end.
try_of(X) -> try X + 1 of 2 -> two; Y when Y > 2 -> {more, Y} catch error:badarith -> arith end.
deep_throw(0) -> throw(bottom);
deep_throw(N) -> [N | deep_throw(N - 1)].
deep_err(0) -> exit(deep);
deep_err(N) -> 1 + deep_err(N - 1).
afters() -> try (try a after put(y, ran) end) of a -> get(y) catch _:_ -> no end.
state(L) -> try lists:foreach(fun(2) -> throw({found, 2}); (_) -> ok end, L), none catch {found, X} -> {got, X} end.
maybe_(X) -> maybe {ok, A} ?= m(X), true ?= A > 1, {fine, A} else {error, W} -> {why, W}; false -> small end.
m(1) -> {ok, 1}; m(2) -> {ok, 2}; m(_) -> {error, none}.
in_guard(X) when X + 1 > 0; X =:= a -> guard_ok.
many_catch(0, S) -> S;
many_catch(N, S) -> many_catch(N - 1, S + (try ?id(N) div (N rem 2) catch error:badarith -> 1 end) * 0 + 1).
