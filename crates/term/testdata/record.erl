%% Records what the reference engine says about generated terms: hashes, order, order of maps.
%% Run on the reference engine: erlc record.erl && erl -noshell -s record main recorded.etf 1 2000
%% The unit tests of crates/term read the file.
-module(record).
-export([main/1]).

main([File, Seed, N]) ->
    erts_debug:set_internal_state(available_internal_state, true),
    rand:seed(exsss, atom_to_integer(Seed)),
    Size = atom_to_integer(N),
    Facts = {hashes(Size), orders(Size), maps()},
    ok = file:write_file(atom_to_list(File), term_to_binary(Facts, [compressed])),
    halt().

atom_to_integer(A) -> list_to_integer(atom_to_list(A)).

%% {Term, phash2, phash, internal hash | none}
hashes(N) ->
    [begin
         T = term(3),
         {T, erlang:phash2(T, 1 bsl 32), erlang:phash(T, 1 bsl 32) - 1, internal(T)}
     end || _ <- lists:seq(1, N)].

%% The hash of identifiers of other nodes depends on where their node lies in memory.
internal(T) ->
    case has_external(T) of
        true -> none;
        false -> erts_debug:get_internal_state({internal_hash, T})
    end.

has_external(T) when is_pid(T); is_port(T); is_reference(T) -> node(T) =/= node();
has_external(T) when is_tuple(T) -> lists:any(fun has_external/1, tuple_to_list(T));
has_external(T) when is_map(T) -> lists:any(fun has_external/1, maps:to_list(T));
has_external([H | T]) -> has_external(H) orelse has_external(T);
has_external(_) -> false.

%% {Terms, [{I, J, cmp, cmp_exact, ==, =:=}]}
orders(N) ->
    Terms = list_to_tuple(lists:append([family() || _ <- lists:seq(1, N div 20)])),
    Size = tuple_size(Terms),
    Pairs = [pair(Size) || _ <- lists:seq(1, N * 2)],
    {Terms,
     [begin
          A = element(I, Terms), B = element(J, Terms),
          Cmp = if A < B -> -1; A > B -> 1; true -> 0 end,
          {I, J, Cmp, sign(erts_internal:cmp_term(A, B)), A == B, A =:= B}
      end || {I, J} <- Pairs]}.

%% Mostly terms of one family: they differ in little.
pair(Size) ->
    I = rand:uniform(Size),
    case rand:uniform(3) of
        1 -> {I, rand:uniform(Size)};
        _ -> {I, max(1, min(Size, I + rand:uniform(7) - 4))}
    end.

family() ->
    T = term(3),
    [T | [tweak(T) || _ <- lists:seq(1, 5)]].

sign(0) -> 0;
sign(N) when N < 0 -> -1;
sign(_) -> 1.

%% Changes little in a term.
tweak(T) when is_integer(T) ->
    pick([fun() -> T + 1 end, fun() -> to_float(T) end, fun() -> -T end, fun() -> T end]);
tweak(T) when is_float(T) ->
    pick([fun() -> trunc(T) end, fun() -> -T end, fun() -> T * 1.0000000000000002 end, fun() -> T end]);
tweak(T) when is_tuple(T), tuple_size(T) > 0 ->
    I = rand:uniform(tuple_size(T)),
    setelement(I, T, tweak(element(I, T)));
tweak(T) when is_map(T), map_size(T) > 0 ->
    L = maps:to_list(T),
    {K, V} = lists:nth(rand:uniform(length(L)), L),
    pick([fun() -> T#{K := tweak(V)} end,
          fun() -> M = maps:remove(K, T), M#{tweak(K) => V} end,
          fun() -> maps:map(fun(_, X) -> case rand:uniform(4) of 1 -> tweak(X); _ -> X end end, T) end]);
tweak([H | T]) ->
    pick([fun() -> [tweak(H) | T] end, fun() -> [H | tweak(T)] end]);
tweak(T) when is_bitstring(T), bit_size(T) > 0 ->
    N = rand:uniform(bit_size(T)) - 1,
    <<A:N/bits, B:1, C/bits>> = T,
    pick([fun() -> <<A/bits, (1 - B):1, C/bits>> end, fun() -> A end, fun() -> <<T/bits, 1:1>> end]);
tweak(T) when is_atom(T) -> atom();
tweak(T) -> pick([fun() -> T end, fun() -> leaf() end]).

pick(L) -> (lists:nth(rand:uniform(length(L)), L))().

to_float(T) -> try float(T) catch error:_ -> T end.

%% Atoms that have the same index in every start of the engine.
atom() -> element(rand:uniform(10), {true, false, ok, error, undefined, normal, exit, nil, infinity, timeout}).

term(0) -> leaf();
term(D) ->
    case rand:uniform(9) of
        1 -> list_to_tuple(terms(D));
        2 -> terms(D);
        3 -> terms(D) ++ term(D - 1);
        4 -> maps:from_list([{term(D - 1), term(D - 1)} || _ <- lists:seq(1, rand:uniform(6))]);
        5 when D > 1 -> maps:from_list([{leaf(), leaf()} || _ <- lists:seq(1, 25 + rand:uniform(20))]);
        6 -> maps:from_list([{atom(), term(D - 1)} || _ <- lists:seq(1, rand:uniform(6))]);
        _ -> leaf()
    end.

terms(D) -> [term(D - 1) || _ <- lists:seq(1, rand:uniform(6) - 1)].

leaf() ->
    case rand:uniform(15) of
        1 -> rand:uniform(300) - 150;
        2 -> rand:uniform(1 bsl 29) - (1 bsl 28);
        3 -> rand:uniform(1 bsl 61) - (1 bsl 60);
        4 -> (rand:uniform(1 bsl 64) - (1 bsl 63)) bsl rand:uniform(200);
        5 -> border();
        6 -> rand:normal() * 1000;
        7 -> float(rand:uniform(20) - 10);
        8 -> pick([fun() -> 0.0 end, fun() -> -0.0 end, fun() -> 1.0e300 end, fun() -> 1.0e16 end]);
        9 -> atom();
        10 -> [];
        11 -> [rand:uniform(120) + 100 || _ <- lists:seq(1, rand:uniform(20))];
        12 -> rand:bytes(rand:uniform(80) - 1);
        13 -> N = rand:uniform(150), <<B:N/bits, _/bits>> = rand:bytes(19), B;
        14 -> identifier();
        15 -> pick([fun() -> {} end, fun() -> #{} end, fun atom/0])
    end.

%% Integers and floats around powers of two.
border() ->
    N = (1 bsl lists:nth(rand:uniform(7), [27, 28, 53, 59, 60, 63, 64])) + rand:uniform(5) - 3,
    S = case rand:uniform(2) of 1 -> N; 2 -> -N end,
    case rand:uniform(2) of 1 -> S; 2 -> float(S) end.

identifier() ->
    Node = term_to_binary(element(rand:uniform(3), {a@b, b@b, nonode@nohost})),
    <<131, N/binary>> = Node,
    C = case binary:match(N, <<"nonode">>) of nomatch -> rand:uniform(2); _ -> 0 end,
    Small = rand:uniform(4),
    binary_to_term(case rand:uniform(3) of
        1 -> <<131, 88, N/binary, Small:32, (rand:uniform(3)):32, C:32>>;
        2 -> <<131, 120, N/binary, Small:64, C:32>>;
        3 -> <<131, 90, 3:16, N/binary, C:32, Small:32, (rand:uniform(3)):32, 7:32>>
    end).

%% {Keys, values in to_list order, values/1, values in next order, path after the first chunk}
maps() ->
    [begin
         Keys = lists:usort([key() || _ <- lists:seq(1, N)]),
         Shuffled = [K || {_, K} <- lists:sort([{rand:uniform(), K} || K <- Keys])],
         Map = maps:from_list([{K, I} || {I, K} <- lists:zip(lists:seq(1, length(Shuffled)), Shuffled)]),
         {Shuffled, [I || {_, I} <- maps:to_list(Map)], maps:values(Map), [I || {_, I} <- walk(maps:next(maps:iterator(Map)))],
          begin erlang:yield(), path(erts_internal:map_next(0, Map, iterator)) end}
     end || N <- [5, 30, 32, 33, 34, 35, 36, 40, 60, 100, 150, 500]].

path({_, _, Next}) -> path(Next);
path([Path | _]) -> Path;
path(none) -> none.

walk(none) -> [];
walk({K, V, I}) -> [{K, V} | walk(maps:next(I))].

key() ->
    K = case rand:uniform(3) of
        1 -> rand:uniform(10000);
        2 -> term(1);
        3 -> {atom(), rand:uniform(1000)}
    end,
    case has_external(K) of
        true -> key();
        false -> K
    end.
