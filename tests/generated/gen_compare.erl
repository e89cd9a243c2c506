%% Compares two engines on generated cases: finds the case that differs, shrinks it, prints it.
%%
%% main(["SEED", "CASES", "KEPT", Engine, Reference, Ebin | KINDS]); an engine is a command, words separated by blanks.
%% Exit status 1: there were differences; they are appended to the file KEPT, for the test that runs them ever after.
-module(gen_compare).
-export([main/1]).

-define(CHUNK, 500).
%% Of a kind; the rest is most likely the same again.
-define(DIFFERENCES, 3).

main([Seed0, Cases0, Kept, Engine, Reference, Ebin | Kinds0]) ->
    Seed = list_to_integer(Seed0),
    Kinds = case Kinds0 of
        [] -> gen_case:kinds();
        _ -> [list_to_atom(K) || K <- Kinds0]
    end,
    Each = max(1, list_to_integer(Cases0) div length(Kinds)),
    io:format("seed ~b, ~b cases of each of ~b kinds~n", [Seed, Each, length(Kinds)]),
    put(commands, {{Engine, Ebin}, {Reference, Ebin}}),
    put(engines, {start(Engine, Ebin), start(Reference, Ebin)}),
    Different = lists:append([kind(Seed, K, Each) || K <- Kinds]),
    Lines = [io_lib:format("~tp.~n", [Case]) || Case <- Different],
    Different =:= [] orelse file:write_file(Kept, unicode:characters_to_binary(Lines), [append]),
    io:format("~b cases, ~b differences~n", [Each * length(Kinds), length(Different)]),
    halt(case Different of [] -> 0; _ -> 1 end).

kind(Seed, Kind, Each) ->
    Found = chunks(Seed, Kind, 1, Each, []),
    io:format("~-14s ~b cases, ~b differences~n", [Kind, Each, length(Found)]),
    Found.

chunks(_, _, From, Each, Found) when From > Each; length(Found) >= ?DIFFERENCES -> Found;
chunks(Seed, Kind, From, Each, Found) ->
    To = min(Each, From + ?CHUNK - 1),
    case both({digest, Seed, Kind, From, To}) of
        {Same, Same} when is_binary(Same) -> chunks(Seed, Kind, To + 1, Each, Found);
        _ -> chunks(Seed, Kind, To + 1, Each, Found ++ chunk(Seed, Kind, From, To, ?DIFFERENCES - length(Found)))
    end.

%% The cases of a chunk that differ, made small.
chunk(Seed, Kind, From, To, Most) ->
    case both({cases, Seed, Kind, From, To}) of
        {A, B} when is_list(A), is_list(B) ->
            Bad = [{N, element(1, X), element(1, Y)} || {N, X, Y} <- lists:zip3(lists:seq(From, To), A, B), X =/= Y],
            lists:append([small(Seed, Kind, Bad1) || Bad1 <- lists:sublist(Bad, Most)]);
        {A, B} when From =:= To ->
            io:format("~s ~b: one engine did not survive: ~P | ~P~n", [Kind, From, A, 10, B, 10]),
            [{lost, [Seed, Kind, From]}];
        _ ->
            Half = (From + To) div 2,
            Left = chunk(Seed, Kind, From, Half, Most),
            Left ++ case Most - length(Left) of
                Rest when Rest > 0 -> chunk(Seed, Kind, Half + 1, To, Rest);
                _ -> []
            end
    end.

small(_, Kind, {N, Case, Other}) when Case =/= Other ->
    io:format("~s ~b: the engines do not make the same case: ~0tp | ~0tp~n", [Kind, N, Case, Other]),
    [{made, [Case, Other]}];
small(_, Kind, {N, Case, _}) ->
    Small = shrink(Case),
    {[A], [B]} = both({results, [Small]}),
    io:format("~s ~b: ~0tp~n  engine:    ~ts~n  reference: ~ts~n", [Kind, N, Small, shown(A), shown(B)]),
    [Small].

shown(B) when is_binary(B) -> io_lib:format("~0tP", [binary_to_term(B), 60]);
shown(Other) -> io_lib:format("~0tP", [Other, 60]).

%% The first smaller case that differs too, until there is none, or a minute is over.
shrink(Case) -> shrink(Case, erlang:monotonic_time(second) + 60).
shrink(Case, Until) ->
    Candidates = [C || C <- smaller(Case), C =/= Case],
    case erlang:monotonic_time(second) < Until andalso first_different(Candidates) of
        {ok, Smaller} -> shrink(Smaller, Until);
        _ -> Case
    end.

first_different([]) -> none;
first_different(Candidates) ->
    {Some, Rest} = lists:split(min(50, length(Candidates)), Candidates),
    case both({results, Some}) of
        {A, B} when is_list(A), is_list(B) ->
            case [C || {C, X, Y} <- lists:zip3(Some, A, B), X =/= Y] of
                [C | _] -> {ok, C};
                [] -> first_different(Rest)
            end;
        _ -> none
    end.

smaller({What, Arguments}) -> [{What, A} || A <- parts(Arguments)].

%% Terms with one part less, or with one part smaller. The number of arguments stays.
parts(List) -> [replace(I, X, List) || I <- lists:seq(1, length(List)), X <- less(lists:nth(I, List))].
replace(I, X, List) -> lists:sublist(List, I - 1) ++ [X] ++ lists:nthtail(I, List).

less(0) -> [];
less(N) when is_integer(N) -> lists:usort([0, N div 2, N - sign(N)]) -- [N];
less(F) when is_float(F) -> [0.0, 1.0] -- [F];
less([]) -> [];
less(L) when is_list(L) ->
    try length(L) of
        N ->
            [[]] ++ [lists:sublist(L, N div 2), lists:nthtail(N div 2, L)] ++ [X || X <- L, is_list(X) orelse is_tuple(X)] ++
                [lists:sublist(L, I - 1) ++ lists:nthtail(I, L) || I <- lists:seq(1, N), N =< 60] ++ parts(L)
    catch
        error:_ -> [hd(L), tl(L), [hd(L)]] ++ [[X | tl(L)] || X <- less(hd(L))] ++ [[hd(L) | X] || X <- less(tl(L))]
    end;
less({}) -> [];
less(T) when is_tuple(T) ->
    L = tuple_to_list(T),
    L ++ [list_to_tuple(lists:sublist(L, I - 1) ++ lists:nthtail(I, L)) || I <- lists:seq(1, length(L))] ++ [list_to_tuple(P) || P <- parts(L)];
less(M) when is_map(M), map_size(M) > 0 ->
    L = maps:to_list(M),
    Half = length(L) div 2,
    [maps:from_list(lists:sublist(L, Half)), maps:from_list(lists:nthtail(Half, L))] ++ [maps:remove(K, M) || {K, _} <- L] ++ [M#{K := X} || {K, V} <- L, X <- less(V)];
less(B) when is_bitstring(B), bit_size(B) > 0 ->
    Size = bit_size(B), Half = Size div 16 * 8,
    <<A:Half/bits, C/bits>> = B,
    Cut = (Size - 1) div 8 * 8,
    <<D:Cut/bits, _/bits>> = B,
    [A, C, D | case B of <<_, E/bits>> -> [E]; _ -> [] end];
less(_) -> [].

sign(N) when N < 0 -> -1;
sign(_) -> 1.

%% ---- engines ----

start(Command, Ebin) ->
    [Program | Words] = string:lexemes(Command, " "),
    Arguments = Words ++ ["-noshell", "-noinput", "-pa", Ebin, "-s", "gen_engine", "main"],
    open_port({spawn_executable, os:find_executable(Program)}, [binary, {packet, 4}, {args, Arguments}, exit_status, use_stdio, {env, [{"ERL_CRASH_DUMP_SECONDS", "0"}]}]).

%% What both say to a request; an engine that ends is started again.
both(Request) ->
    {A, B} = get(engines),
    Bytes = term_to_binary(Request),
    port_command(A, Bytes),
    port_command(B, Bytes),
    {X, A1} = reply(A, element(1, get(commands))),
    {Y, B1} = reply(B, element(2, get(commands))),
    put(engines, {A1, B1}),
    {X, Y}.

reply(Port, {Command, Ebin}) ->
    receive
        {Port, {data, Bytes}} -> {binary_to_term(Bytes), Port};
        {Port, {exit_status, Status}} -> {{ended, Status}, start(Command, Ebin)}
    after 300_000 ->
        {os_pid, Pid} = erlang:port_info(Port, os_pid),
        os:cmd("kill -9 " ++ integer_to_list(Pid)),
        {silent, start(Command, Ebin)}
    end.
