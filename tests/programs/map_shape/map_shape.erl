%% The shape of large maps.
-module(map_shape).
-include("t.hrl").
main() ->
    [?P({N, erts_debug:map_info(#{I => x || I <- lists:seq(1, N)})}) || N <- [33, 100, 1000, 20000]],
    ?P(try erts_debug:map_info(?id(#{a => b})) catch error:E1 -> E1 end),
    ?P(try erts_debug:map_info(?id(x)) catch error:E2 -> E2 end).
