%% Long lists, deep body recursion and deep terms: stack and heap growth, comparison, copying, printing.
-module(list_deep).
-include("t.hrl").
main() ->
    ?P(length(build(2000000))),
    ?P(sum(build(1000000))),
    ?P(lists:foldl(fun erlang:'+'/2, 0, lists:seq(1, 1000000))),
    ?P(len([x || _ <- lists:seq(1, 500000)])),
    ?P(depth(nest(500000, []), 0)),
    ?P(nest(100000, []) =:= nest(100000, [])),
    ?P(nest(100000, a) < nest(100000, b)),
    ?P(tdepth(tnest(300000, {}), 0)),
    Self = self(), spawn(fun() -> Self ! {deep, nest(200000, []), build(100000)} end),
    ?P(receive {deep, D, B} -> {depth(D, 0), length(B)} end),
    ?P(erlang:phash2(nest(10000, []))),
    ?P(byte_size(term_to_binary(nest(100000, [])))),
    ?P(depth(binary_to_term(term_to_binary(nest(100000, []))), 0)),
    ?P(lists:flatten(nest(100000, []))),
    ?P(iolist_size(nest(100000, []))),
    ?P(length(lists:append([[I, I] || I <- lists:seq(1, 200000)]))),
    ?P(map_depth(lists:foldl(fun(I, M) -> #{I => M} end, #{}, lists:seq(1, 20000)), 20000)),
    ?P(ackr(100000)),
    ?P(length(lists:sort(fun(A, B1) -> A > B1 end, lists:seq(1, 100000)))).
build(0) -> [];
build(N) -> [N | build(N - 1)].
sum([]) -> 0;
sum([H | T]) -> H + sum(T).
len([]) -> 0;
len([_ | T]) -> 1 + len(T).
nest(0, A) -> A;
nest(N, A) -> nest(N - 1, [A]).
depth([], N) -> N;
depth([H], N) -> depth(H, N + 1).
tnest(0, A) -> A;
tnest(N, A) -> tnest(N - 1, {N, A}).
tdepth({}, N) -> N;
tdepth({_, T}, N) -> tdepth(T, N + 1).
map_depth(M, 0) -> map_size(M);
map_depth(M, N) -> map_depth(map_get(N, M), N - 1).
ackr(0) -> {0, []};
ackr(N) -> {S, L} = ackr(N - 1), {S + N, if N rem 10000 =:= 0 -> [S | L]; true -> L end}.
