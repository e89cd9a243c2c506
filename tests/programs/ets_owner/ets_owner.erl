%% Protection, heirs, giving away, fixation and what concurrent traversal sees.
-module(ets_owner).
-include("t.hrl").
main() ->
    S = self(), Pub = ets:new(pub, [public]), Prot = ets:new(prot, [protected]), Priv = ets:new(priv, [private]), [ets:insert(X, {k, v}) || X <- [Pub, Prot, Priv]],
    ?P(in_other(fun() -> [t(fun() -> ets:lookup(X, k) end) || X <- [Pub, Prot, Priv]] end)),
    ?P(in_other(fun() -> [t(fun() -> ets:insert(X, {a, b}) end) || X <- [Pub, Prot, Priv]] end)),
    ?P(in_other(fun() -> [t(fun() -> ets:delete(X) end) || X <- [Prot, Priv]] end)),
    ?P(in_other(fun() -> t(fun() -> ets:info(Priv, size) end) end)),
    ?P(in_other(fun() -> t(fun() -> ets:rename(Prot, x) end) end)),
    spawn(fun() -> H = ets:new(h, [{heir, S, gift}]), ets:insert(H, {x, 1}), exit(bye) end),
    ?P(receive {'ETS-TRANSFER', H1, _, gift} -> {ets:lookup(H1, x), ets:info(H1, owner) =:= S} after 10000 -> none end), spawn(fun() -> N = ets:new(noheir, [named_table]), ets:insert(N, {a}), S ! made, receive stop -> ok end end) ! stop, ?P(receive made -> made end), P = spawn(fun() -> receive {'ETS-TRANSFER', G, From, data} -> From ! {got, ets:tab2list(G), ets:info(G, owner) =:= self()} end, receive stop -> ok end end), G1 = ets:new(g, []), ets:insert(G1, {gave}),
    ?P(ets:give_away(G1, P, data)),
    ?P(receive {got, L, O} -> {L, O} end),
    ?P(t(fun() -> ets:insert(G1, {y}) end)), P ! stop, wait(fun() -> ets:info(G1) =:= undefined end),
    ?P(t(fun() -> ets:lookup(G1, y) end)),
    ?P(t(fun() -> ets:give_away(Pub, P, x) end)),
    ?P(ets:setopts(Pub, {heir, none})), {Gone, GoneM} = spawn_monitor(fun() -> ok end), receive {'DOWN', GoneM, _, _, _} -> ok end,
    ?P({ets:info(ets:new(g, [{heir, Gone, x}]), heir), ets:setopts(Pub, {heir, Gone, x}), ets:info(Pub, heir)}),
    ?P(ets:setopts(Pub, {protection, private})),
    ?P(ets:info(Pub, protection)),
    ?P(t(fun() -> ets:setopts(Pub, {bogus, x}) end)),
    F = ets:new(f, []), ets:insert(F, [{I, x} || I <- lists:seq(1, 1000)]),
    ?P(ets:safe_fixtable(F, true)),
    ?P(del_walk(F, ets:first(F), 0)),
    ?P(ets:info(F, size)),
    ?P(ets:info(F, fixed)),
    ?P(ets:safe_fixtable(F, false)),
    ?P(ets:info(F, fixed)), ets:insert(F, [{I, x} || I <- lists:seq(1, 1000)]), ets:safe_fixtable(F, true),
    ?P(grow_walk(F, ets:first(F), 0) >= 1000), ets:safe_fixtable(F, false),
    ?P(ets:info(F, safe_fixed)), ets:safe_fixtable(F, true), ets:safe_fixtable(F, true),
    ?P(element(2, ets:info(F, safe_fixed)) =:= [{S, 2}]), Q = spawn(fun() -> ets:info(F, size), receive x -> x end end), exit(Q, kill),
    ?P(ets:info(ets:new(x, [{write_concurrency, true}, {read_concurrency, true}, {decentralized_counters, true}, public]), write_concurrency)), C = ets:new(conc, [public, {write_concurrency, auto}]), Ws = [spawn_monitor(fun() -> [ets:insert(C, {{W, I}, I}) || I <- lists:seq(1, 500)], [ets:delete(C, {W, I}) || I <- lists:seq(1, 500, 2)] end) || W <- lists:seq(1, 10)], [receive {'DOWN', M, _, _, normal} -> ok end || {_, M} <- Ws], ?P(ets:info(C, size)),
    ?P(lists:sum([V || {_, V} <- ets:tab2list(C)])).
in_other(F) -> S = self(), {P, M} = spawn_monitor(fun() -> S ! {r, F()} end), receive {r, V} -> receive {'DOWN', M, _, P, _} -> V end end.
t(F) -> try F() catch error:R -> R end.
wait(F) -> case F() of true -> ok; _ -> erlang:yield(), wait(F) end.
del_walk(_, '$end_of_table', N) -> N;
del_walk(T, K, N) -> ets:delete(T, K), del_walk(T, ets:next(T, K), N + 1).
grow_walk(_, '$end_of_table', N) -> N;
grow_walk(T, K, N) -> (N < 500) andalso ets:insert(T, {{new, N}, y}), grow_walk(T, ets:next(T, K), N + 1).
