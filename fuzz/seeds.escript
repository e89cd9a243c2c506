#!/usr/bin/env escript
%% Makes seeds for the fuzz targets, all of them from the project's own programs and from terms written here:
%%   seeds.escript OUT PROGRAM.erl...
%% writes OUT/loader/* (small .beam files) and OUT/etf/* (external terms). `./x fuzz` calls it.

main([Out | Programs]) ->
    [ok = filelib:ensure_path(filename:join(Out, D)) || D <- ["loader", "etf"]],
    [beams(Out, P) || P <- Programs],
    terms(Out).

%% Every program by default and as compilers of older releases would have it.
beams(Out, Program) ->
    Include = filename:join([filename:dirname(filename:dirname(filename:dirname(Program))), "include"]),
    Variants = [[], [r25], [r26, no_ssa_opt], [no_type_opt, no_bs_match, no_copt], [beam_debug_info], [line_coverage]],
    [case compile:file(Program, [binary, deterministic, {i, Include} | Options]) of
         {ok, Name, Beam} ->
             {ok, _, Chunks} = beam_lib:all_chunks(Beam),
             [write(Out, "loader", [atom_to_list(Name), $-, integer_to_list(erlang:phash2(Options)), $-, Tag], File)
              || {Tag, File} <- files(needed(Chunks))];
         _ ->
             skipped
     end || Options <- Variants],
    ok.

needed(Chunks) ->
    Ids = ["AtU8", "Code", "StrT", "ImpT", "ExpT", "FunT", "LitT", "Line", "Type", "Attr", "Meta", "LocT", "Recs", "DbgB"],
    [C || C = {Id, _} <- Chunks, lists:member(Id, Ids)].

%% The same module in every encoding that there is.
files(Chunks) ->
    {_, Atoms} = lists:keyfind("AtU8", 1, Chunks),
    Plain = file(Chunks),
    Names = names(Atoms),
    New = replace("AtU8", [<<(-length(Names)):32>>, [[compact(0, byte_size(N)), N] || N <- Names]], Chunks),
    Latin1 = [{"Atom", [<<(length(Names)):32>>, [<<(byte_size(N)), N/binary>> || N <- Names]]}
              | lists:keydelete("AtU8", 1, Chunks)],
    Literals = case lists:keyfind("LitT", 1, Chunks) of
                   {_, <<0:32, _/binary>>} -> Chunks;
                   {_, <<_:32, Packed/binary>>} -> replace("LitT", [<<0:32>>, zlib:uncompress(Packed)], Chunks);
                   false -> Chunks
               end,
    %% Atom 1 is a record with the fields 1 (an integer) and 2 (no default value), if there are `true` and a second atom.
    Records = case position(~"true", Names) of
                  none -> [];
                  True ->
                      Record = [5, compact(2, 1), compact(2, True), 16#17, compact(0, 4),
                                compact(2, 1), compact(1, 7), compact(2, 2), compact(0, 0)],
                      [{"records", file(Chunks ++ [{"Recs", [<<0:32, 1:32, 2:32>>, Record]}])}]
              end,
    [{"plain", Plain}, {"atoms", file(New)}, {"latin1", file(Latin1)}, {"literals", file(Literals)},
     {"gzip", zlib:gzip(Plain)} | Records].

names(<<Count:32/signed, Rest/binary>>) when Count < 0 -> long_names(Rest);
names(<<_:32, Rest/binary>>) -> [Name || <<Size, Name:Size/binary>> <= Rest].

long_names(<<>>) -> [];
long_names(<<Size:4, 0:4, Name:Size/binary, Rest/binary>>) -> [Name | long_names(Rest)];
long_names(<<High:3, 1:5, Low, Rest/binary>>) ->
    Size = High bsl 8 + Low,
    <<Name:Size/binary, More/binary>> = Rest,
    [Name | long_names(More)].

position(Name, Names) -> position(Name, Names, 1).
position(_, [], _) -> none;
position(Name, [Name | _], I) -> I;
position(Name, [_ | Names], I) -> position(Name, Names, I + 1).

compact(Tag, N) when N < 16 -> <<N:4, 0:1, Tag:3>>;
compact(Tag, N) when N < 16#800 -> <<(N bsr 8):3, 1:2, Tag:3, N:8>>.

replace(Id, Content, Chunks) -> lists:keyreplace(Id, 1, Chunks, {Id, Content}).

file(Chunks) ->
    {ok, Beam} = beam_lib:build_module([{Id, iolist_to_binary(C)} || {Id, C} <- Chunks]),
    Beam.

write(Out, Dir, Name, Content) ->
    ok = file:write_file(filename:join([Out, Dir, io_lib:format("~ts", [Name])]), Content).

%% Terms of every kind, alone and together, in every form.
terms(Out) ->
    Big = 1 bsl 70,
    Terms = [0, 255, -1, 1 bsl 31, -(1 bsl 62), Big, -Big, 1 bsl 3000, 1.5, -0.0, ok, '', 'ä', list_to_atom([1234]),
             [], "string", [1, 2 | x], [[[]]], {}, {a, {b}}, list_to_tuple(lists:seq(1, 300)), #{}, #{a => 1, "b" => {}},
             maps:from_list([{I, [I]} || I <- lists:seq(1, 50)]), ~"binary", <<5:3>>, <<0:1001>>, binary:copy(~"x", 100),
             self(), make_ref(), hd(erlang:ports()), fun lists:map/2],
    All = [Terms | Terms],
    Forms = [[], [{minor_version, 0}], [{minor_version, 1}], [compressed], [deterministic], [local]],
    Written = [term_to_binary(T, F) || T <- All, F <- Forms],
    Bytes = [<<131, T/binary>> || T <- by_hand()],
    [write(Out, "etf", integer_to_list(erlang:phash2(B, 1 bsl 32)), B) || B <- Written ++ Bytes],
    ok.

%% Tags that this release does not write.
by_hand() ->
    A = <<119, 2, "ok">>,
    Node = <<119, 13, "nonode@nohost">>,
    [<<67, 2:32, 0, A/binary, A/binary, 119, 5, "false", 119, 4, "true", 97, 1, 106>>,
     <<67, 0:32, 1, A/binary, A/binary>>,
     <<108, 2:32, 67, 1:32, 0, A/binary, A/binary, A/binary, 106, 67, 1:32, 0, A/binary, A/binary, A/binary, 97, 7, 106>>,
     <<100, 2:16, "ok">>, <<115, 2, "ok">>, <<118, 2:16, "ok">>,
     <<99, "1.50000000000000000000e+00", 0:40>>,
     <<101, Node/binary, 7:32, 0>>, <<114, 3:16, Node/binary, 0, 1:32, 2:32, 3:32>>,
     <<90, 3:16, Node/binary, 0:32, 1:32, 2:32, 3:32>>, <<90, 5:16, Node/binary, 0:32, 1:32, 2:32, 3:32, 4:32, 5:32>>,
     <<102, Node/binary, 7:32, 0>>, <<89, Node/binary, 7:32, 0:32>>, <<120, Node/binary, 7:64, 0:32>>,
     <<103, Node/binary, 7:32, 0:32, 0>>, <<88, Node/binary, 7:32, 0:32, 0:32>>, <<88, A/binary, 7:32, 0:32, 9:32>>,
     <<113, A/binary, A/binary, 97, 2>>, <<105, 1:32, 106>>, <<111, 9:32, 1, 1:72>>].
