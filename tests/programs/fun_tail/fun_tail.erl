%% Tail calls of every kind run in constant space.
-module(fun_tail).
-export([ext_even/1, ext_odd/1, app/1, wide/10]).
-include("t.hrl").
main() ->
    N = 3000000,
    [io:format("~p ~p ~p~n", [Name, R, small()]) || {Name, F} <- [{mutual, fun() -> even(N) end}, {external, fun() -> ext_even(N) end}, {closure, fun() -> (fun L(0) -> done; L(I) -> L(I - 1) end)(N) end}, {apply, fun() -> app(N) end}, {case_, fun() -> cs(N, 0) end}, {args, fun() -> wide(N, 1, 2, 3, 4, 5, 6, 7, 8, 9) end}, {catch_, fun() -> tr(300000) end}, {andalso_, fun() -> aa(N) end}, {receive_, fun() -> rc(300000) end}, {cps, fun() -> cps(300000, fun(X) -> X end) end}, {state, fun() -> st(N, {a, 0}) end}], R <- [run(F)]].
run(F) -> Self = self(), {P, M} = spawn_monitor(fun() -> R = F(), {_, Sz} = process_info(self(), stack_size), Self ! {r, R, Sz < 1000} end), receive {r, R, Ok} -> receive {'DOWN', M, _, P, _} -> {R, Ok} end; {'DOWN', M, _, P, W} -> {died, W} end.
small() -> erlang:memory(processes) < 300000000.
even(0) -> even;
even(N) -> odd(N - 1).
odd(0) -> odd;
odd(N) -> even(N - 1).
ext_even(0) -> even;
ext_even(N) -> ?MODULE:ext_odd(N - 1).
ext_odd(0) -> odd;
ext_odd(N) -> ?MODULE:ext_even(N - 1).
app(0) -> done;
app(N) -> apply(?MODULE, ?id(app), [N - 1]).
cs(0, A) -> A;
cs(N, A) -> case N rem 3 of 0 -> cs(N - 1, A + 1); 1 -> if A > 10 -> cs(N - 1, A - 1); true -> cs(N - 1, A) end; 2 -> begin X = A + 2, cs(N - 1, X) end end.
wide(0, A, B, C, D, E, F, G, H, I) -> [A, B, C, D, E, F, G, H, I];
wide(N, A, B, C, D, E, F, G, H, I) -> ?MODULE:wide(N - 1, B, C, D, E, F, G, H, I, A).
tr(0) -> done;
tr(N) -> _ = (catch throw(N)), R = try N of X -> X catch _:_ -> 0 after ok end, tr(R - 1).
aa(N) -> N =:= 0 orelse aa(N - 1).
rc(0) -> done;
rc(N) -> self() ! N, receive N -> rc(N - 1) end.
cps(0, K) -> K(done);
cps(N, K) -> cps(N - 1, fun(X) -> K(X) end).
st(0, S) -> S;
st(N, {a, X}) -> st(N - 1, {b, X + 1});
st(N, {b, X}) -> st(N - 1, {a, X}).
