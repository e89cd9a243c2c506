%% Many processes on one table at once: while some insert, count, delete rows one by one and by select, others walk and
%% search it. Rows that nobody removes must be in every walk and every search, once and in order; nothing is lost.
-module(ets_crowd).
-export([main/0]).

-define(STABLE, 600).
-define(WRITERS, 4).
-define(WRITES, 3000).

main() ->
    [io:format("~w: ~w~n", [O, run(O)]) || O <- [
        [set], [set, {read_concurrency, true}], [set, {write_concurrency, true}],
        [set, {write_concurrency, auto}, {read_concurrency, true}],
        [bag, {write_concurrency, auto}],
        [duplicate_bag],
        [ordered_set], [ordered_set, {read_concurrency, true}], [ordered_set, {write_concurrency, true}],
        [ordered_set, {write_concurrency, auto}, {read_concurrency, true}]
    ]].

%% Keys of rows that stay are multiples of ten; half of an ordered set's keys are tuples, which lie behind all numbers.
key(N) when N rem 2 =:= 0 -> N * 10;
key(N) -> {N * 10, x}.
other(N) when N rem 10 =:= 0 -> other(N + 1);
other(N) when N rem 2 =:= 0 -> N;
other(N) -> {N, x}.

run(Options) ->
    T = ets:new(t, [public | Options]),
    Set = not (lists:member(bag, Options) orelse lists:member(duplicate_bag, Options)),
    ets:insert(T, [{key(N), stays, 0} || N <- lists:seq(1, ?STABLE)]),
    Writers = [spawn_monitor(fun() -> write(T, Set, I, I * 7919, ?WRITES) end) || I <- lists:seq(1, ?WRITERS)],
    Readers = [spawn_monitor(fun() -> read(T, Options, I, 0) end) || I <- lists:seq(1, 4)],
    Written = [down(W) || W <- Writers],
    [P ! stop || {P, _} <- Readers],
    Read = [down(R) || R <- Readers],
    Rest = ets:select_delete(T, [{{'_', goes, '_'}, [], [true]}]),
    Sum = lists:sum([C || [C] <- ets:match(T, {'_', stays, '$1'})]),
    true = Rest =:= lists:sum([N || {_, N} <- Written]) orelse not Set orelse {lost, Rest, Written},
    Result = {ets:info(T, size), Sum =:= lists:sum([C || {C, _} <- Written]), lists:usort(Read)},
    ets:delete(T),
    Result.

down({P, M}) -> receive {'DOWN', M, _, P, R} -> R end.

next(S) -> (S * 1103515245 + 12345) rem 2147483648.

%% Each writer's other rows are its own: {Counted, Left}.
write(T, Set, I, S, N) -> write(T, Set, I, S, N, 0, #{}).
write(_, _, _, _, 0, C, Mine) -> exit({C, maps:size(Mine)});
write(T, Set, I, S0, N, C, Mine) ->
    S = next(S0),
    K = other((S rem 600) * 10 + I * 2 + (S div 4096) rem 2),
    case N rem 8 of
        0 when Set -> ets:update_counter(T, key(S rem ?STABLE + 1), {3, 1}), write(T, Set, I, S, N - 1, C + 1, Mine);
        1 -> ets:delete(T, K), write(T, Set, I, S, N - 1, C, maps:remove(K, Mine));
        2 -> ets:match_delete(T, {K, goes, I}), write(T, Set, I, S, N - 1, C, maps:remove(K, Mine));
        3 ->
            K2 = other(6000 + (S rem 100) * 10 + I * 2),
            true = ets:insert(T, [{K, goes, I}, {K2, goes, I}]),
            write(T, Set, I, S, N - 1, C, Mine#{K => 1, K2 => 1});
        4 when N rem 200 =:= 4 ->
            _ = ets:select_delete(T, [{{'_', goes, I}, [], [true]}]),
            [] = ets:match_object(T, {'_', goes, I}),
            write(T, Set, I, S, N - 1, C, #{});
        5 when Set -> _ = ets:take(T, K), write(T, Set, I, S, N - 1, C, maps:remove(K, Mine));
        _ -> ets:insert(T, {K, goes, I}), write(T, Set, I, S, N - 1, C, Mine#{K => 1})
    end.

read(T, Options, I, N) ->
    Ordered = lists:member(ordered_set, Options),
    look(T, Ordered, (N + I) rem 7),
    receive stop -> exit(ok) after 0 -> read(T, Options, I, N + 1) end.

look(T, Ordered, 0) ->
    ets:safe_fixtable(T, true),
    check(Ordered, up(T, ets:first(T))),
    ets:safe_fixtable(T, false);
look(T, Ordered, 1) -> check(Ordered, ets:select(T, [{{'$1', '_', '_'}, [], ['$1']}]));
look(T, _, 2) -> ?STABLE = ets:select_count(T, [{{'_', stays, '_'}, [], [true]}]);
look(T, Ordered, 3) ->
    ets:safe_fixtable(T, true),
    check(Ordered, chunks(ets:select(T, [{{'$1', '_', '_'}, [], ['$1']}], 37))),
    ets:safe_fixtable(T, false);
look(T, true, 4) -> check(true, lists:reverse(down(T, ets:last(T))));
look(T, true, 5) ->
    check(true, lists:reverse(chunks(ets:select_reverse(T, [{{'$1', '_', '_'}, [], ['$1']}], 37))));
look(T, _, _) -> [[{_, stays, _}] = ets:lookup(T, key(N)) || N <- lists:seq(1, ?STABLE)].

up(_, '$end_of_table') -> [];
up(T, K) -> [K | up(T, ets:next(T, K))].
down(_, '$end_of_table') -> [];
down(T, K) -> [K | down(T, ets:prev(T, K))].
chunks('$end_of_table') -> [];
chunks({Keys, More}) -> Keys ++ chunks(ets:select(More)).

check(Ordered, Keys) ->
    true = not Ordered orelse is_ascending(Keys) orelse {disorder, Keys},
    Stay = [K || K <- Keys, stays(K)],
    {?STABLE, ?STABLE} = {length(Stay), length(lists:usort(Stay))}.
stays({K, x}) -> K rem 10 =:= 0;
stays(K) -> K rem 10 =:= 0.
is_ascending([A, B | Rest]) -> A < B andalso is_ascending([B | Rest]);
is_ascending(_) -> true.
