-module(compute_closures).
-export([run/0]).
run() -> {lists:sum([compose(10, I) || I <- lists:seq(1, 10000)]), church(200), cps(100000, fun(X) -> X end), lists:foldl(fun(F, A) -> F(A) end, 1, [fun(X) -> X + I end || I <- lists:seq(1, 20000)]), fold(100000)}.
compose(N, X) -> (lists:foldl(fun(_, F) -> fun(Y) -> F(Y) + 1 end end, fun(Y) -> Y end, lists:seq(1, N)))(X).
church(N) -> Z = fun(_) -> fun(X) -> X end end, S = fun(C) -> fun(F) -> G = C(F), fun(X) -> F(G(X)) end end end, ((num(N, S, Z))(fun(X) -> X + 1 end))(0).
num(0, _, Z) -> Z;
num(N, S, Z) -> S(num(N - 1, S, Z)).
cps(0, K) -> K(0);
cps(N, K) -> cps(N - 1, fun(X) -> K(X + 1) end).
fold(N) -> M = ?MODULE, lists:foldl(fun(X, {A, B}) -> {A + X, B bxor X} end, {0, size(atom_to_binary(M))}, lists:seq(1, N)).
