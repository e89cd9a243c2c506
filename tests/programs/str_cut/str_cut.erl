%% Text whose last character is cut off or wrong, in nested lists: what is left has the shape it came in.
-module(str_cut).
-export([main/0]).
main() ->
  Xs = [<<192,127>>,<<224,127>>,<<240,127,1>>,<<240,144,1>>,<<224>>,<<250>>,<<"a",224,127>>, 16#D800, <<237,160>>, <<226,130>>],
  [io:format("~w~n   B ~w~n   L ~w~n",[T, catch unicode:characters_to_binary(T),catch unicode:characters_to_list(T)]) || X <- Xs,
   T <- [[X],[[X]],[[[X]]],[97,[X]],[[X],98],[[X,98]],[[X,98],99],[[97,[X]]],[[97,[X]],98],[X|<<>>],[X|<<"a">>],[[X|<<"a">>]],[[X|<<>>],[]],[[],X],[[],[X]],[[X],[]],[[[X],[]],[]],[<<"a">>,[<<"b",192,127>>]],[<<"a">>|<<"b",192>>],
     [<<194>>,X],[[<<194>>],X],[[<<194>>],[X]],[[<<194>>]|<<127>>],[<<194>>,97],[<<194>>,[97]]]].
