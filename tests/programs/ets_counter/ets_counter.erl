-module(ets_counter).
-include("t.hrl").
main() ->
    T = ets:new(t, [public]), ets:insert(T, {c, 10, 20, 5}),
    ?P(ets:update_counter(T, c, 1)),
    ?P(ets:update_counter(T, c, {3, 5})),
    ?P(ets:update_counter(T, c, {2, 100, 50, 0})),
    ?P(ets:update_counter(T, c, {4, -100, 0, 9})),
    ?P(ets:update_counter(T, c, [{2, 1}, {3, -1}, {2, 10}])),
    ?P(ets:update_counter(T, c, [])),
    ?P(ets:update_counter(T, new, {2, 5}, {new, 100})),
    ?P(ets:update_counter(T, new, {2, 5}, {new, 100})),
    ?P(ets:update_counter(T, c, {2, 1 bsl 70})),
    ?P(ets:update_counter(T, c, {2, -(1 bsl 70)})),
    ?P(ets:lookup(T, c)),
    ?P(ets:update_counter(T, no, 1)),
    ?P(ets:update_counter(T, c, {1, 1})),
    ?P(ets:update_counter(T, c, {9, 1})), ets:insert(T, {a, atom}),
    ?P(ets:update_counter(T, a, 1)),
    ?P(ets:update_counter(T, c, 1.5)), B = ets:new(b, [bag]), ets:insert(B, {k, 1}),
    ?P(ets:update_counter(B, k, 1)), O = ets:new(o, [ordered_set]), ets:insert(O, {1, 1}),
    ?P(ets:update_counter(O, 1.0, 5)), ets:insert(T, {cnt, 0}), S = self(), Ps = [spawn(fun() -> [ets:update_counter(T, cnt, 1) || _ <- lists:seq(1, 500)], S ! done end) || _ <- lists:seq(1, 20)], [receive done -> ok end || _ <- Ps], ?P(ets:lookup(T, cnt)),
    ?P(lists:last([ets:update_counter(T, w, {2, 1, 3, 0}, {w, 0}) || _ <- lists:seq(1, 10)])).
