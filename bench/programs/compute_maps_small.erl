-module(compute_maps_small).
-export([run/0]).
run() -> loop(150000, #{count => 0, sum => 0, name => "x", last => none}).
loop(0, #{count := C, sum := S}) -> {C, S};
loop(N, #{count := C, sum := S} = M) when N band 1 =:= 0 -> loop(N - 1, M#{count := C + 1, sum := S + N});
loop(N, M) ->
    #{sum := S} = M1 = M#{last => N, extra => {N}},
    X = case M1 of #{last := L, name := "x"} when L > 5 -> maps:get(count, M1); #{} -> 0 end,
    loop(N - 1, maps:remove(extra, M1#{sum := S + X})).
