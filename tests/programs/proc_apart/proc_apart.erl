%% What would keep a scheduler for long goes on elsewhere and comes back to the same instruction: the length of long
%% lists, products of long integers, collections of large heaps; in guards, with exceptions, with messages meanwhile.
-module(proc_apart).
-export([main/0]).

main() ->
    L = lists:seq(1, 400000),
    io:format("~p ~p ~p~n", [length(L), in_guard(L), in_guard(L ++ improper)]),
    io:format("~p~n", [try length(id(L ++ improper)) catch C:R -> {C, R} end]),
    io:format("~p~n", [apply(erlang, length, [L])]),
    products(),
    together(L),
    heap(),
    asked(),
    ended().

id(X) -> X.

in_guard(L) when length(L) > 300000 -> long;
in_guard(_) -> other.

products() ->
    A = (1 bsl 200000) - 1,
    B = (1 bsl 200001) + 1,
    P = A * B,
    io:format("~p ~p ~p~n", [P div B =:= A, P rem A, (P + 7) rem B]),
    io:format("~p~n", [P =:= (A bsl 200001) + A]),
    io:format("~p~n", [is_square(A, A * A)]),
    %% Several registers are alive across the instruction.
    F = fun(X, Y, Z, T) -> {Z, X * Y, T} end,
    {z, P, [t]} = F(A, B, z, [t]),
    io:format("~p~n", [try A div id(0) catch error:E -> E end]).

is_square(A, S) when A * A =:= S -> true;
is_square(_, _) -> false.

%% Several processes at once, and messages for them meanwhile.
together(L) ->
    Me = self(),
    Ps = [spawn_link(fun() -> worker(Me, L, I) end) || I <- lists:seq(1, 8)],
    [P ! {add, J} || J <- lists:seq(1, 50), P <- Ps],
    io:format("~p~n", [[receive {P, R} -> R end || P <- Ps]]).

worker(Me, L, I) ->
    X = 1 bsl 100000 + I,
    R = lists:foldl(fun(_, S) -> receive {add, J} -> S + J + length(L) + (X * X) rem 1000 end end, 0, lists:seq(1, 50)),
    Me ! {self(), R}.

%% A heap of some 40 MB with everything in it that a heap can hold, through many collections of each kind.
heap() ->
    Make = fun(I) ->
        {I, [I, float(I)], #{I => <<I:64>>}, binary:copy(<<I>>, 100), 1 bsl (64 + I rem 64), make_ref(), fun() -> I end, "text"}
    end,
    L = [Make(I) || I <- lists:seq(1, 60000)],
    Self = self(),
    P = spawn_link(fun() -> [begin Self ! {tick, N}, Self ! L1 end || N <- lists:seq(1, 5), L1 <- [lists:seq(1, N)]], ok end),
    M = churn(L, 30),
    true = erlang:garbage_collect(),
    put(kept, M),
    N = churn(M, 30),
    io:format("~p ~p ~p~n", [check(N, 0), check(get(kept), 0), is_pid(P)]),
    io:format("~p~n", [[receive {tick, I} -> receive S when is_list(S) -> {I, length(S)} end end || _ <- lists:seq(1, 5)]]).

churn(L, 0) -> L;
churn(L, N) -> churn([setelement(1, T, element(1, T)) || T <- L], N - 1).

check([], S) -> S;
check([{I, [I, F], M, B, G, R, Fun, "text"} | Rest], S) ->
    true = F == I andalso is_reference(R) andalso Fun() =:= I andalso G =:= 1 bsl (64 + I rem 64),
    #{I := <<I:64>>} = M,
    true = B =:= binary:copy(<<I>>, 100),
    check(Rest, S + I).

%% Others ask such a process and have it collect.
asked() ->
    P = spawn_link(fun() -> grow([], 0) end),
    Rs = [begin
        {status, _} = process_info(P, status),
        {memory, M} = process_info(P, memory),
        erlang:garbage_collect(P) andalso M > 0 andalso is_process_alive(P)
    end || _ <- lists:seq(1, 200)],
    io:format("~p~n", [lists:usort(Rs)]),
    unlink(P), exit(P, kill).

grow(L, N) when N > 30 -> grow([], length(L) * 0);
grow(L, N) -> grow([lists:seq(1, 20000) | L], N + 1).

%% And end it at any time.
ended() ->
    Rs = [begin
        {P, M} = spawn_monitor(fun() -> grow([], 0) end),
        timer:sleep(I rem 20),
        exit(P, stop),
        receive {'DOWN', M, process, P, R} -> R end
    end || I <- lists:seq(1, 40)],
    io:format("~p~n", [lists:usort(Rs)]).
