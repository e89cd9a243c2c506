%% Reductions that kinds of work cost: a slice should be worth the same on both engines. The heap is large, so that only
%% `collect` is about collections: when these happen differs between the engines, and within each from run to run.
-module(fairness_reductions).
-export([figures/0]).
figures() ->
    L = lists:seq(1, 10000),
    S = lists:sort([I * 7919 rem 10007 || I <- L]),
    B = binary:copy(<<"abcdefghij">>, 10000),
    T = [{I, <<"value">>, "text"} || I <- L],
    M = maps:from_list([{I, I} || I <- L]),
    Big = 1 bsl 20000,
    E = ets:new(t, [public]),
    [ets:insert(E, {I, I}) || I <- L],
    X = term_to_binary(T),
    Sink = spawn(fun sink/0),
    [cost(Name, F) || {Name, F} <- [
        {calls, fun() -> loop(100000) end},
        {fun_calls, fun() -> lists:foldl(fun(A, C) -> A + C end, 0, L) end},
        {sends, fun() -> [Sink ! {m, I} || I <- L] end},
        {sends_large, fun() -> [Sink ! L || _ <- lists:seq(1, 100)] end},
        {own_messages, fun() -> [self() ! I || I <- L], [receive I -> ok end || I <- L] end},
        {selective, fun() -> [self() ! I || I <- L], receive 10000 -> ok end, flush() end},
        {spawns, fun() -> [spawn(fun() -> ok end) || _ <- lists:seq(1, 1000)] end},
        {garbage, fun() -> [lists:seq(1, 1000) || _ <- lists:seq(1, 300)] end},
        {sort, fun() -> lists:sort(S) end},
        {reverse, fun() -> [lists:reverse(L) || _ <- lists:seq(1, 10)] end},
        {member, fun() -> [lists:member(x, L) || _ <- lists:seq(1, 10)] end},
        {append, fun() -> [L ++ [x] || _ <- lists:seq(1, 10)] end},
        {subtract, fun() -> S -- L end},
        {length, fun() -> [length(L) || _ <- lists:seq(1, 10)] end},
        {keyfind, fun() -> [lists:keyfind(x, 1, T) || _ <- lists:seq(1, 10)] end},
        {matches, fun() -> binary:matches(B, [<<"cde">>, <<"xyz">>]) end},
        {split, fun() -> binary:split(B, <<"e">>, [global]) end},
        {to_external, fun() -> term_to_binary(T) end},
        {from_external, fun() -> binary_to_term(X) end},
        {iolist, fun() -> iolist_to_binary([B, B, 1, 2]) end},
        {list_to_binary, fun() -> list_to_binary([I band 255 || I <- L]) end},
        {binary_to_list, fun() -> binary_to_list(B) end},
        {regex, fun() -> re:run(B, "j(ab)+x") end},
        {bignums, fun() -> [Big * Big || _ <- lists:seq(1, 100)] end},
        {integer_to_list, fun() -> integer_to_list(Big) end},
        {from_list, fun() -> maps:from_list([{I, I} || I <- L]) end},
        {map_keys, fun() -> maps:keys(M) end},
        {map_updates, fun() -> lists:foldl(fun(I, A) -> A#{I => x} end, M, L) end},
        {ets_lookups, fun() -> [ets:lookup(E, I) || I <- L] end},
        {ets_inserts, fun() -> [ets:insert(E, {I, x}) || I <- L] end},
        {ets_select, fun() -> ets:select(E, [{{'$1', '_'}, [{'>', '$1', 5000}], ['$1']}]) end},
        {ets_to_list, fun() -> ets:tab2list(E) end},
        {md5, fun() -> erlang:md5(B) end},
        {crc32, fun() -> erlang:crc32(B) end},
        {phash2, fun() -> erlang:phash2(T) end},
        {compare, fun() -> T =:= binary_to_term(X) end},
        {unicode, fun() -> unicode:characters_to_list(B) end},
        {exceptions, fun() -> [catch error(x) || _ <- lists:seq(1, 1000)] end},
        {collect, fun() -> [erlang:garbage_collect() || _ <- lists:seq(1, 10)] end}
    ]].

cost(Name, F) ->
    Me = self(),
    {P, M} = spawn_opt(fun() ->
        {reductions, A} = process_info(self(), reductions),
        F(),
        {reductions, B} = process_info(self(), reductions),
        Me ! {self(), B - A}
    end, [monitor, {min_heap_size, 4000000}]),
    receive {P, N} -> demonitor(M, [flush]), {Name, max(1, N), "reductions"}; {'DOWN', M, _, _, R} -> exit(R) end.

loop(0) -> ok;
loop(N) -> loop(N - 1).
sink() -> receive _ -> sink() end.
flush() -> receive _ -> flush() after 0 -> ok end.
