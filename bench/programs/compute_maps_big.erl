-module(compute_maps_big).
-export([run/0]).
run() ->
    M = lists:foldl(fun(I, A) -> A#{I * 7919 rem 100003 => I} end, #{}, lists:seq(1, 40000)),
    S = lists:foldl(fun(I, A) -> A + maps:get(I, M, 0) end, 0, lists:seq(1, 40000)),
    M2 = lists:foldl(fun(I, A) -> maps:remove(I, A) end, M, lists:seq(1, 100003, 5)),
    M3 = maps:map(fun(_, V) -> V + 1 end, M2),
    T = #{integer_to_binary(I) => I || I <- lists:seq(1, 10000)},
    {S, map_size(M2), maps:fold(fun(K, V, A) -> K + V + A end, 0, M3), lists:sum([maps:get(integer_to_binary(I), T) || I <- lists:seq(1, 10000)]), map_size(maps:merge(M2, T))}.
