%% Small functions that tests/run.rs calls without a scheduler.
-module(bringup).
-compile([export_all, nowarn_export_all]).
result(F, A) -> exit(apply(?MODULE, F, A)).

-record(r, {a, b = 2, c}).

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

nrev([]) -> [];
nrev([H | T]) -> app(nrev(T), [H]).
app([], L) -> L;
app([H | T], L) -> [H | app(T, L)].

seq(N) -> seq(N, []).
seq(0, L) -> L;
seq(N, L) -> seq(N - 1, [N | L]).

sum(L) -> sum(L, 0).
sum([], S) -> S;
sum([H | T], S) -> sum(T, S + H).

nrev_sum(N) -> sum(nrev(seq(N))).

big(N) -> big(N, 1).
big(0, A) -> A;
big(N, A) -> big(N - 1, A * N).

floats(X) -> Y = X * 1.5 + 2.0, (Y - 1.0) / 4.0.

maps(N) ->
    M = fill(N, #{}),
    #{1 := A, N := B} = M,
    M2 = M#{N := B + 1, extra => yes},
    {A, B, map_size(M), maps:get(N, M2), maps:get(extra, M2), maps:get(nope, M, none)}.
fill(0, M) -> M;
fill(N, M) -> fill(N - 1, M#{N => N * 10}).

funs(N) ->
    F = fun(X) -> X + N end,
    G = fun lists:member/2,
    {F(1), [F(X) || X <- [1, 2, 3]], G(2, [1, 2]), (fun ?MODULE:fib/1)(10), is_function(F, 1)}.

binaries() ->
    B = <<1:4, 15:4, 513:16/little, -2:16/signed, 3.5/float, "abc"/utf8>>,
    <<X:4, Y:4, Z:16/little, W:16/signed, F/float, R/binary>> = B,
    C = append(100, <<>>),
    {X, Y, Z, W, F, R, byte_size(B), byte_size(C), sum_bytes(C, 0), << <<(E * 2)>> || <<E>> <= R >>}.
append(0, B) -> B;
append(N, B) -> append(N - 1, <<B/binary, N>>).
sum_bytes(<<B, R/binary>>, S) -> sum_bytes(R, S + B);
sum_bytes(<<>>, S) -> S.

utf() ->
    <<A/utf8, B/utf8, C/utf16, D/utf32-little>> = <<"é"/utf8, 16#20ac/utf8, 16#1F600/utf16, 16#41/utf32-little>>,
    {A, B, C, D}.

records(X) ->
    R = #r{a = X},
    R2 = R#r{c = 7},
    {R2#r.a, R2#r.b, R2#r.c, is_record(R2, r)}.

catches() ->
    {catch throw(x),
     try error(bad) catch error:bad -> caught end,
     try exit(gone) catch exit:R -> {exited, R} end,
     (catch 1 / zero()) =/= 0,
     try f(3) catch error:function_clause:S -> hd(S) end,
     try case_(9) catch error:{case_clause, V} -> V end,
     try ok after put(k, v) end,
     get(k)}.
zero() -> 0.
f(1) -> one.
case_(X) -> case X of 1 -> one end.

trace() ->
    try [atom_to_list(1) | zero()]
    catch error:badarg:S -> S
    end.

undef() ->
    try nosuch:thing(1, 2) catch error:undef:S -> hd(S) end.

select(X) ->
    case X of a -> 1; b -> 2; c -> 3; 1 -> 4; 2 -> 5; 3 -> 6; 1.5 -> 7; "x" -> 8; _ -> 9 end.
selects() -> [select(X) || X <- [a, b, c, d, 1, 2, 3, 4, 1.5, "x", "y"]].

apply_(M, F, A) -> apply(M, F, A).
applies() -> {apply_(?MODULE, fib, [12]), apply_(erlang, '+', [1, 2]), apply(fun(A, B) -> A * B end, [3, 4])}.

bs_fail() ->
    try <<(zero()):8, (atom()):8>> catch error:badarg:S -> {_, _, _, I} = hd(S), proplists_get(error_info, I) end.
atom() -> x.
proplists_get(K, [{K, V} | _]) -> V;
proplists_get(K, [_ | T]) -> proplists_get(K, T).

compare() ->
    {1 == 1.0, 1 =:= 1.0, a < b, [1, 2] > [1], {1, 2} >= {1, 2}, #{a => 1} =:= #{a => 1}, <<1>> < <<2>>}.

deep(0) -> [];
deep(N) -> [N | deep(N - 1)].
deep_sum(N) -> sum(deep(N)).

mixed(N) -> mixed(N, [], #{}).
mixed(0, L, M) -> {length(L), map_size(M)};
mixed(N, L, M) -> mixed(N - 1, [{N, <<N:32>>, float(N), N * 123456789012345678} | keep(L, 20)], M#{N rem 50 => L}).
keep(_, 0) -> [];
keep([], _) -> [];
keep([H | T], N) -> [H | keep(T, N - 1)].

nrev_times(N, Times) -> L = seq(N), nrev_times_(L, Times).
nrev_times_(_, 0) -> ok;
nrev_times_(L, T) -> nrev(L), nrev_times_(L, T - 1).
loop(0) -> done;
loop(N) -> loop(N - 1).
sum_times(N, Times) -> L = seq(N), sum_times_(L, Times, 0).
sum_times_(_, 0, A) -> A;
sum_times_(L, T, _) -> sum_times_(L, T - 1, sum(L)).
append_times(N) -> byte_size(append_(N, <<>>)).
append_(0, B) -> B;
append_(N, B) -> append_(N - 1, <<B/binary, N:16, "x">>).
