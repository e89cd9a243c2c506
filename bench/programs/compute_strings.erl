-module(compute_strings).
-export([run/0]).
run() ->
    L = lists:flatten(lists:duplicate(150, "The quick brown fox jumps över the lazy dog; ")),
    B = unicode:characters_to_binary(L),
    {length(string:lexemes(L, " ;")), length(string:split(B, " ", all)), erlang:phash2(string:uppercase(B)), string:length(B), erlang:phash2(string:replace(L, "fox", "cat", all)), erlang:phash2(string:trim(L)), length([1 || _ <- lists:seq(1, 2000), string:find("some text here", "here") =/= nomatch]), lists:sum([length(integer_to_list(X)) + length(atom_to_list(x)) || X <- lists:seq(1, 5000)]), erlang:phash2([lists:flatten(io_lib:format("~p ~s ~w~n", [{X, "a"}, "str", [X]])) || X <- lists:seq(1, 300)]), rot(L, [])}.
rot([], A) -> erlang:phash2(A);
rot([C | T], A) when C >= $a, C =< $z -> rot(T, [(C - $a + 13) rem 26 + $a | A]);
rot([C | T], A) -> rot(T, [C | A]).
