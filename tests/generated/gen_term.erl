%% Random terms, and the random choices that everything else is made of.
%%
%% All choices come from `rand`, seeded for each case, so that a case is the same on every engine.
-module(gen_term).
-export([seed/3, upto/1, between/2, one/1, often/1, list/2, some/2]).
-export([term/0, term/1, key/0, large_key/0, large_map/1, int/0, small/0, float/0, number/0, atom/0, key_atom/0, binary/0, bits/0, bytes/1, char/0, text/0, text/1]).

seed(Seed, Kind, Number) -> _ = rand:seed(exsss, {Seed, Kind, Number}), ok.

%% 1..N
upto(N) -> rand:uniform(N).
between(From, To) -> From + rand:uniform(To - From + 1) - 1.
one(List) -> lists:nth(upto(length(List)), List).

%% One of [{Weight, Fun}].
often(Choices) ->
    pick(upto(lists:sum([W || {W, _} <- Choices])), Choices).
pick(N, [{W, F} | _]) when N =< W -> F();
pick(N, [{W, _} | Rest]) -> pick(N - W, Rest).

list(N, F) -> [F() || _ <- lists:seq(1, N)].
%% Up to N of them.
some(N, F) -> list(between(0, N), F).

small() -> between(-10, 10).

%% Integers near the borders of words and of this engine's and OTP's small integers, and far from them.
int() ->
    often([
        {4, fun small/0},
        {2, fun() -> between(-1000, 1000) end},
        {4, fun() -> sign((1 bsl between(0, 70)) + between(-2, 2)) end},
        {2, fun() -> sign(big(between(1, 5))) end},
        {1, fun() -> sign(big(between(5, 40))) end}
    ]).
big(Words) -> <<N:(Words * 64)>> = bytes(Words * 8), N.
sign(N) -> one([N, -N]).

%% Any finite one, and those that people write.
float() ->
    often([
        {2, fun() -> float(small()) end},
        {2, fun() -> between(-100000, 100000) / 1000 end},
        {1, fun() -> one([0.0, -0.0, 1.0e308, 5.0e-324, 2.2250738585072014e-308, 0.1, 1.0e22, 1.0e23, 9007199254740993.0]) end},
        {1, fun() -> math:pow(2, between(-80, 80)) end},
        {2, fun any_float/0}
    ]).
any_float() ->
    case bytes(8) of
        <<F/float>> -> F;
        _ -> 1.5
    end.

number() -> often([{3, fun int/0}, {2, fun float/0}]).

atom() -> one([a, b, c, ok, error, true, false, undefined, 'A b', '', 'å', '_', x1, 'don\'t', nil, 'end', infinity]).

%% As keys of maps: a small map's order goes by when an atom came into a node, and these come with this module.
key_atom() -> one([key_one, key_two, 'key three', 'key å', key_five]).

bytes(N) -> list_to_binary(list(N, fun() -> upto(256) - 1 end)).
binary() ->
    often([{3, fun() -> bytes(between(0, 8)) end}, {1, fun() -> bytes(between(0, 100)) end},
        {2, fun() -> unicode:characters_to_binary(text()) end}]).
bits() ->
    B = binary(),
    Size = between(0, bit_size(B)),
    <<Bits:Size/bits, _/bits>> = B,
    Bits.

char() ->
    often([{8, fun() -> between($a, $e) end}, {2, fun() -> between(32, 126) end}, {1, fun() -> between(0, 31) end},
        {1, fun() -> between(160, 591) end}, {1, fun() -> one([16#301, 16#308, 16#1100, 16#ac00, 16#1f468, 16#200d, 16#1f1e6, 16#130, 16#df, 16#fb01, 16#3a3]) end},
        {1, fun() -> between(16#1000, 16#2fff) end}]).
text() -> text(12).
text(Most) -> some(Most, fun char/0).

key() -> often([{3, fun small/0}, {2, fun key_atom/0}, {1, fun int/0}, {1, fun float/0}, {1, fun binary/0}, {1, fun() -> {small(), key_atom()} end}]).

%% A large map's order goes by the number that an atom happens to have in a node: keys without atoms.
large_key() -> often([{3, fun() -> between(-100, 100) end}, {2, fun int/0}, {1, fun float/0}, {2, fun binary/0}, {1, fun() -> {small(), [int()]} end}]).
large_map(Value) -> maps:from_list(list(between(20, 60), fun() -> {large_key(), Value()} end)).

term() -> term(3).
term(0) ->
    often([{3, fun int/0}, {2, fun float/0}, {3, fun atom/0}, {2, fun binary/0}, {1, fun bits/0}, {1, fun text/0}]);
term(Depth) ->
    Inner = fun() -> term(Depth - 1) end,
    often([
        {4, fun() -> term(0) end},
        {2, fun() -> some(5, Inner) end},
        {1, fun() -> list(between(1, 3), Inner) ++ Inner() end},
        {3, fun() -> list_to_tuple(some(5, Inner)) end},
        {2, fun() -> maps:from_list(some(5, fun() -> {key(), Inner()} end)) end},
        {1, fun() -> large_map(fun small/0) end}
    ]).
