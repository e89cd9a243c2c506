%% Lots of processes: ring, fan-in, fan-out, trees; nothing depends on the scheduling.
-module(proc_many).
-include("t.hrl").
main() ->
    ?P(ring(1000, 20)),
    ?P(fan_in(500, 50)),
    ?P(tree_sum(14)),
    ?P(alive(20000)),
    ?P(chain(10000)),
    ?P(pingpong(50000)),
    ?P(primes(60)),
    ?P(pmap(fun(X) -> fib(X) end, lists:seq(1, 20))),
    ?P(churn(20000)),
    ?P(bank(20, 2000)),
    ?P(chameneos(200)),
    ?P(bigmsgs(200)),
    ?P(mutex(50, 40)).
ring(N, Laps) -> S = self(), First = lists:foldl(fun(_, Next) -> spawn(fun() -> fwd(Next) end) end, S, lists:seq(1, N)), laps(First, Laps, 0).
laps(F, 0, A) -> F ! stop, receive stop -> A end;
laps(F, L, A) -> F ! {tok, 0}, receive {tok, N} -> laps(F, L - 1, A + N) end.
fwd(N) -> receive {tok, K} -> N ! {tok, K + 1}, fwd(N); stop -> N ! stop end.
fan_in(P, K) -> S = self(), [spawn(fun() -> [S ! {v, I * J} || J <- lists:seq(1, K)] end) || I <- lists:seq(1, P)], lists:sum([receive {v, X} -> X end || _ <- lists:seq(1, P * K)]).
tree_sum(D) -> S = self(), spawn(fun() -> t(D, S) end), receive {sum, X} -> X end.
t(0, P) -> P ! {sum, 1};
t(D, P) -> S = self(), spawn(fun() -> t(D - 1, S) end), spawn(fun() -> t(D - 1, S) end), receive {sum, A} -> receive {sum, B} -> P ! {sum, A + B} end end.
alive(N) -> Ps = [spawn(fun() -> receive {F, X} -> F ! X + 1 end end) || _ <- lists:seq(1, N)], C = length([1 || P <- Ps, is_process_alive(P)]), [P ! {self(), I} || {P, I} <- lists:zip(Ps, lists:seq(1, N))], {C, lists:sum([receive X -> X end || _ <- Ps])}.
chain(0) -> 0;
chain(N) -> S = self(), spawn(fun() -> S ! {c, chain0(N - 1)} end), receive {c, X} -> X + 1 end.
chain0(0) -> 0;
chain0(N) -> S = self(), spawn(fun() -> S ! {c, chain0(N - 1)} end), receive {c, X} -> X + 1 end.
pingpong(N) -> P = spawn(fun() -> pong() end), R = ping(P, N, 0), P ! stop, R.
ping(_, 0, A) -> A;
ping(P, N, A) -> P ! {self(), N}, receive {pong, N} -> ping(P, N - 1, A + 1) end.
pong() -> receive {F, N} -> F ! {pong, N}, pong(); stop -> ok end.
primes(N) -> S = self(), P = spawn(fun() -> filter(S) end), spawn(fun() -> gen(P, 2) end), take(N, []).
take(0, A) -> hd(A);
take(N, A) -> receive {prime, P} -> take(N - 1, [P | A]) end.
gen(P, 400) -> P ! done;
gen(P, N) -> P ! N, gen(P, N + 1).
filter(S) -> receive done -> ok; P -> S ! {prime, P}, Nx = spawn(fun() -> filter(S) end), sieve(P, Nx) end.
sieve(P, Nx) -> receive done -> Nx ! done; N when N rem P =:= 0 -> sieve(P, Nx); N -> Nx ! N, sieve(P, Nx) end.
pmap(F, L) -> S = self(), Rs = [begin R = make_ref(), spawn(fun() -> S ! {R, F(X)} end), R end || X <- L], [receive {R, V} -> V end || R <- Rs].
fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).
churn(0) -> done;
churn(N) -> {P, M} = spawn_monitor(fun() -> ok end), receive {'DOWN', M, _, P, normal} -> churn(N - 1) end.
bank(A, N) -> S = self(), As = [spawn(fun() -> acct(1000) end) || _ <- lists:seq(1, A)], T = list_to_tuple(As), W = [spawn(fun() -> [begin F = element((I * K) rem A + 1, T), To = element((I * 7 + K) rem A + 1, T), F ! {move, To, I rem 10} end || I <- lists:seq(1, N)], S ! {done, K} end) || K <- [1, 3, 5, 11]], [receive {done, _} -> ok end || _ <- W], receive after 20 -> ok end, [P ! {sync, S} || P <- As], [receive synced -> ok end || _ <- As], [P ! {get, S} || P <- As], lists:sum([receive {bal, B} -> B end || _ <- As]).
acct(B) -> receive {move, To, X} -> To ! {dep, X}, acct(B - X); {dep, X} -> acct(B + X); {sync, F} -> F ! synced, acct(B); {get, F} -> F ! {bal, B} end.
chameneos(N) -> S = self(), Br = spawn(fun() -> broker(N, S) end), [spawn(fun() -> creature(Br, 0, S) end) || _ <- lists:seq(1, 4)], lists:sum([receive {met, C} -> C end || _ <- lists:seq(1, 4)]).
broker(0, _) -> closed();
broker(N, S) -> receive {meet, A} -> receive {meet, B} -> A ! {mate, B}, B ! {mate, A}, broker(N - 1, S) end end.
closed() -> receive {meet, A} -> A ! closed, closed() after 10000 -> ok end.
creature(Br, C, S) -> Br ! {meet, self()}, receive {mate, _} -> creature(Br, C + 1, S); closed -> S ! {met, C} end.
bigmsgs(N) -> P = spawn(fun() -> echo() end), L = lists:seq(1, 1000), B = binary:copy(<<"x">>, 1000), lists:sum([begin P ! {self(), {I, L, B, #{I => L}}}, receive {I, L, Bx, M} -> byte_size(Bx) + length(maps:get(I, M)) end end || I <- lists:seq(1, N)]).
echo() -> receive {F, M} -> F ! M, echo() end.
mutex(P, K) -> S = self(), M = spawn(fun() -> lock() end), C = counters:new(1, []), [spawn(fun() -> [begin M ! {acq, self()}, receive ok -> ok end, V = counters:get(C, 1), erlang:yield(), counters:put(C, 1, V + 1), M ! rel end || _ <- lists:seq(1, K)], S ! fin end) || _ <- lists:seq(1, P)], [receive fin -> ok end || _ <- lists:seq(1, P)], counters:get(C, 1).
lock() -> receive {acq, P} -> P ! ok, receive rel -> lock() end end.
