%% Long input for BIFs that must not keep a scheduler: same results as for short input, in every way they can fail,
%% and a process that is in the middle of one can be killed.
-module(list_long).
-include("t.hrl").

main() ->
    N = 300000,
    L = lists:seq(1, N), Bytes = [I rem 256 || I <- L], Bin = list_to_binary(Bytes),
    Pairs = [{I, -I} || I <- L],
    p(reverse, [hd(lists:reverse(L)), lists:last(lists:reverse(L, [z])), length(lists:reverse(L, L))]),
    p(member, [lists:member(N, L), lists:member(N + 1, L), lists:member(1.0, L)]),
    p(length, [length(L), length(L ++ L), guard(N, L), guard(N, L ++ x), guard(1, L), guard(N, {}), received(N, L), element(2, {garbage_collect(), length(tl(L))})]),
    p(key, [lists:keyfind(N, 1, Pairs), lists:keyfind(N * 1.0, 1, Pairs), lists:keyfind(x, 1, Pairs), lists:keymember(-N, 2, Pairs), lists:keysearch(N, 1, Pairs), lists:keysearch(x, 7, Pairs)]),
    p(append, [length(L ++ L), lists:nth(N + 1, L ++ [x]), L ++ x =:= L]),
    p(subtract, [L -- L, length(L -- lists:seq(1, N, 2)), (Bytes -- Bytes) ++ [a]]),
    p(binaries, [byte_size(Bin), Bin =:= iolist_to_binary([Bin]), iolist_size([Bytes, Bin | Bin]), binary_to_list(Bin) =:= Bytes,
                 length(binary_to_list(Bin, 2, N - 1)), bit_size(list_to_bitstring([Bytes, <<5:3>>])), lists:last(bitstring_to_list(<<Bin/binary, 5:3>>)),
                 byte_size(iolist_to_binary(erlang:iolist_to_iovec([Bytes, Bin])))]),
    p(search, [binary:match(binary:copy(Bin, 4), <<255, 1>>), length(binary:matches(Bin, <<255, 0>>)), length(binary:split(Bin, [<<7>>, <<8, 9>>], [global])),
               binary:longest_common_prefix([Bin, <<Bin/binary, 1>>]), binary:decode_unsigned(binary:encode_unsigned(1 bsl 3000000)) =:= 1 bsl 3000000]),
    p(hashes, [erlang:phash2(Pairs), erlang:phash2(Bytes, 1000), erlang:phash2(Bin), erlang:crc32(Bytes), erlang:adler32([Bytes, Bin]), erlang:md5(Bytes), erlang:md5(binary:copy(Bin, 5))]),
    T = {Pairs, Bin, maps:from_list(Pairs)},
    p(external, [binary_to_term(term_to_binary(T)) =:= T, binary_to_term(term_to_binary(T, [compressed]), [used, safe]) =:= {T, byte_size(term_to_binary(T, [compressed]))},
                 erlang:external_size(L), iolist_size(term_to_iovec(L)) =:= byte_size(term_to_binary(L))]),
    M = maps:from_list(Pairs), M2 = maps:from_keys(lists:seq(N div 2, 2 * N), k),
    p(maps, [map_size(M), maps:get(N, M), map_size(M2), map_size(maps:merge(M, M2)), maps:get(N, maps:merge(M, M2)), lists:sum(maps:keys(M)), lists:sum(maps:values(M))]),
    B = 7 bsl 400000, S = integer_to_list(B),
    p(numbers, [length(S), list_to_integer(S) =:= B, binary_to_integer(integer_to_binary(B, 16), 16) =:= B]),
    U = [I rem 50000 || I <- L], UB = unicode:characters_to_binary(U),
    p(unicode, [byte_size(UB), unicode:characters_to_list(UB) =:= U, element(1, unicode:characters_to_binary([UB, 16#D800]))]),
    [p(F, r(M1, F, A)) || {M1, F, A} <- [{lists, reverse, [L ++ x, []]}, {lists, member, [x, L ++ y]}, {lists, keyfind, [x, 1, Pairs ++ y]}, {erlang, '++', [L ++ x, L]}, {erlang, '--', [L, L ++ x]},
        {erlang, list_to_binary, [Bytes ++ [256]]}, {erlang, iolist_size, [[Bytes | x]]}, {erlang, crc32, [[Bytes, -1]]},
        {erlang, binary_to_term, [<<131, 108, N:32, Bin/binary>>]}, {erlang, list_to_integer, [S ++ "x"]},
        {binary, matches, [Bin, <<>>]}]],
    p(length, [r(erlang, length, [L ++ x])]),
    collected(fun() -> length(L) end, N),
    kill(fun() -> lists:member(x, L) end), kill(fun() -> length(L) end), kill(fun() -> term_to_binary(T) end), kill(fun() -> lists:reverse(L, []) end), kill(fun() -> erlang:phash2(Pairs) end).

guard(N, L) when length(L) =:= N -> equal;
guard(_, L) when length(L) > 1 -> other;
guard(_, _) -> none.
received(N, L) -> self() ! [x | L], self() ! L, receive X when length(X) =:= N -> length(X) end, receive Y -> length(Y) end.
%% Others have its garbage collected while it walks.
collected(F, N) ->
    {P, R} = spawn_monitor(fun() -> exit(lists:usort([F() || _ <- lists:seq(1, 3)])) end),
    [garbage_collect(P) || _ <- lists:seq(1, 20)],
    receive {'DOWN', R, process, P, Reason} -> p(collected, Reason =:= [N]) end.
r(M, F, A) -> try apply(M, F, A) of _ -> returned catch C:R:St -> {M1, F1, _, _} = hd(St), {C, R, M1, F1} end.
p(What, Result) -> io:format("~p ~p~n", [What, Result]).
kill(F) ->
    {P, R} = spawn_monitor(fun() -> forever(F) end),
    receive after 20 -> exit(P, kill) end,
    receive {'DOWN', R, process, P, Reason} -> p(killed, Reason) end.
forever(F) -> F(), forever(F).
