%% What engines have instructions of their own for: sets of integers, tables of jumps, runs of bytes at any bit,
%% binaries that grow in place, maps with keys in variables.
-module(bin_hot).
-export([main/0]).

main() ->
    Odd = [-1, 0, 31, 32, 33, 34, 35, 91, 92, 93, 126, 127, 128, 255, 256, 1 bsl 59, -(1 bsl 59), 1 bsl 64, -(1 bsl 64),
           32.0, a, [], {32}, <<32>>, "!"],
    [io:format("~w ~w~n", [V, [plain(V), few(V), negative(V), table(V), sparse(V), not_in(V), plus(V), less(V)]]) || V <- Odd],
    bytes(),
    [io:format("~w~n", [aligned(S, B)]) || S <- [0, 1, 3, 7, 8], B <- [<<>>, <<"plain text">>, <<"with \"quotes\" in it">>, <<"0123456">>, <<"01234567">>]],
    grow(),
    maps(#{a => 1, b => 2}),
    maps(maps:from_list([{I, I} || I <- lists:seq(1, 40)])),
    [io:format("~w~n", [catch_map(M, K)]) || M <- [#{}, #{a => 1}, #{1.0 => x}, [], <<>>], K <- [a, 1, 1.0, "k", <<"a">>]],
    io:format("~w~n", [traces()]).

%% Sets.
plain(V) when V =:= 32; V =:= 33; V >= 35, V =< 91, is_integer(V); V >= 93, V =< 126, is_integer(V) -> yes;
plain(_) -> no.
few(V) -> case V of 9 -> y; 10 -> y; 13 -> y; 32 -> y; _ -> n end.
negative(V) -> case V of -1 -> y; -3 -> y; -5 -> y; 0 -> y; 31 -> y; _ -> n end.
table(V) ->
    case V of 31 -> a; 32 -> b; 33 -> a; 34 -> a; 35 -> c; 92 -> d; 93 -> a; 91 -> a; 90 -> a; 89 -> a; 88 -> a; 87 -> a;
              86 -> a; 85 -> a; 84 -> a; 83 -> a; 82 -> a; 81 -> a; 80 -> a; 40 -> e; 41 -> f; 50 -> g; 60 -> h; _ -> none end.
sparse(V) -> case V of 0 -> a; 256 -> b; 576460752303423488 -> c; -576460752303423488 -> d; 128 -> e; _ -> none end.
not_in(V) when V =/= 0, V =/= 32, V =/= 255 -> other;
not_in(_) -> one.
plus(V) -> try V + 3 of R -> R catch error:R -> R end.
less(V) -> {V < 32, V >= 18446744073709551616, 32.5 >= V, 33 =< V}.

%% Runs of bytes, at bytes' borders and between them, and what is too short for them.
bytes() ->
    All = <<"abcdefghijk">>,
    [io:format("~w~n", [[run(binary:part(All, 0, N)), run_bits(<<5:3, (binary:part(All, 0, N))/binary>>)]]) || N <- [0, 1, 2, 3, 7, 8, 9, 11]],
    io:format("~w~n", [[unit(<<1:N>>) || N <- [0, 8, 16, 17, 24, 31, 32]]]).
run(<<A, B, C, D, E, F, G, H, R/binary>>) -> {A, B, C, D, E, F, G, H, R};
run(<<A, B, R/bits>>) -> {A, B, R};
run(<<A, R/binary>>) -> {A, R};
run(B) -> B.
run_bits(<<_:3, A, B, C, D, E, F, G, H, R/bits>>) -> {A, B, C, D, E, F, G, H, R};
run_bits(<<T:3, A, B, R/bits>>) -> {T, A, B, R};
run_bits(<<T:3, A, R/bits>>) -> {T, A, R};
run_bits(B) -> B.
unit(<<A, B, R:16, _/binary>>) -> {A, B, R};
unit(<<A, B, R/binary>>) -> {A, B, R};
unit(<<A, R/binary>>) -> {A, R};
unit(<<_/bits>>) -> odd.

%% A scanner as those of JSON libraries, begun at any bit.
aligned(Skip, B) ->
    All = <<0:Skip, B/binary>>,
    <<_:Skip, R/bits>> = All,
    scan(R, 0, []).
scan(<<A, B, C, D, R/bits>>, N, Acc) when A >= $a, A =< $z, B >= $a, B =< $z, C >= $a, C =< $z, D >= $a, D =< $z -> scan(R, N + 4, Acc);
scan(B, N, Acc) -> scan1(B, N, Acc).
scan1(<<C, R/bits>>, N, Acc) when C =:= $"; C =:= $\\ -> scan(R, 0, [N, C | Acc]);
scan1(<<C, R/bits>>, N, Acc) when C =:= $\s; C =:= $0; C =:= $1; C =:= $2; C =:= $7 -> scan1(R, N + 1, [C | Acc]);
scan1(<<_, R/bits>>, N, Acc) -> scan(R, N + 1, Acc);
scan1(<<>>, N, Acc) -> {N, Acc}.

%% Binaries that grow: what was there before stays as it was.
grow() ->
    io:format("~w ~w~n", [erlang:crc32(growing(5000, <<>>)), byte_size(growing(5000, <<1>>))]),
    io:format("~w~n", [growing_bits(30, <<>>)]),
    {X, Y} = two(300, <<>>, <<"y">>),
    io:format("~w ~w~n", [erlang:crc32(X), erlang:crc32(Y)]),
    Base = growing(20, <<>>),
    io:format("~w~n", [{Base, <<Base/binary, 1>>, <<Base/binary, 2, 3:16>>, Base}]),
    L = kept(5, <<>>, []),
    io:format("~w~n", [L]),
    io:format("~w~n", [[try wrong(V, 3, <<>>) catch error:R -> R end || V <- [300, -1, 1 bsl 70, x, 1.5]]]),
    io:format("~w~n", [<< <<(I bxor 5), I:16, I:32, I:64, (-I):8>> || I <- lists:seq(250, 260) >>]),
    io:format("~w~n", [<< <<X:4, 1:1>> || <<X>> <= <<"some bytes">> >>]).
growing(0, B) -> B;
growing(N, B) -> growing(N - 1, <<B/binary, N:16, N>>).
growing_bits(0, B) -> B;
growing_bits(N, B) -> growing_bits(N - 1, <<B/bits, N:3, N:8>>).
two(0, A, B) -> {A, B};
two(N, A, B) -> two(N - 1, <<A/binary, N>>, <<B/binary, N:32>>).
kept(0, _, L) -> lists:reverse(L);
kept(N, B, L) -> C = <<B/binary, N>>, kept(N - 1, C, [C | L]).
wrong(_, 0, B) -> B;
wrong(V, N, B) -> wrong(V, N - 1, <<B/binary, N, V:16>>).

%% Maps.
maps(M) ->
    Keys = [a, b, 7, 41, c, "s"],
    io:format("~w~n", [[{is_map_key(K, M), K =/= c andalso is_map_key(K, M)} || K <- Keys]]),
    [begin
         New = M#{K => v},
         Same = try M#{K := v} =:= New catch error:R -> R end,
         io:format("~w ~w ~w ~w~n", [K, map_size(New), map_get(K, New), Same =:= {badkey, K} orelse Same])
     end || K <- Keys],
    io:format("~w~n", [M#{b => 2} =:= M]).
catch_map(M, K) ->
    [try F() catch C:R -> {C, R} end || F <- [fun() -> map_get(K, M) end, fun() -> is_map_key(K, M) end, fun() -> M#{K => 1} end, fun() -> M#{K := 1} end]].

%% Traces of exceptions: what is called, without repetitions, and no more than asked for.
traces() ->
    Old = erlang:system_flag(backtrace_depth, 8),
    R = [[{D, [{F, A} || {bin_hot, F, A, _} <- depth(D)]} || D <- [1, 2, 8, 30]], element(1, hd(applied()))],
    erlang:system_flag(backtrace_depth, Old),
    R.
depth(D) ->
    erlang:system_flag(backtrace_depth, D),
    try 1 + a(3) catch error:_:T -> T end.
a(N) -> 1 + b(N).
b(N) -> 1 + c(N).
c(N) -> 1 + d(N).
d(0) -> binary_to_atom(0);
d(N) -> 1 + d(N - 1).
applied() -> try apply(erlang, element(2, {x, hd}), [x]) catch error:_:T -> T end.
