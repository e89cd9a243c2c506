%% Runs the cases of one OTP test suite in this engine, without Common Test's servers, and writes what
%% happens to a file as it happens: `run` starts this module again in a fresh engine when a case failed,
%% hung or took the engine with it, and it goes on with the first case that has no result yet.
%%
%%   erl -noshell -s conform_driver main -extra SUITE DATA_DIR PRIV_DIR RESULTS SECONDS
%%
%% RESULTS has lines "start<TAB>Case" and "end<TAB>Case<TAB>Result<TAB>Detail"; a case is named by its
%% groups and its function, "group/group/case"; Result is ok, skip, fail, timeout or blocked (what comes
%% before it failed). Exit status 0: nothing left to run; 9: run me again.
-module(conform_driver).
-export([main/0]).

-record(run, {suite, groups, results, seconds, done}).

main() ->
    [Suite0, Data, Priv, File, Seconds] = init:get_plain_arguments(),
    Suite = list_to_atom(Suite0),
    register(test_server_ctrl, spawn(fun controller/0)),
    Real = group_leader(),
    spawn(fun() ->
        group_leader(spawn(fun() -> leader(Real) end), self()),
        {module, Suite} = code:ensure_loaded(Suite),
        Run = #run{suite = Suite, groups = optional(Suite, groups, [], []), results = File,
                   seconds = list_to_integer(Seconds), done = done(File)},
        suite(Run, [{data_dir, Data ++ "/"}, {priv_dir, Priv ++ "/"}, {suite, Suite}]),
        halt(0)
    end).

%% What test_server's functions ask of Common Test's controller: how much to stretch time limits.
controller() ->
    receive
        {'$gen_call', From, get_timetrap_parameters} -> gen:reply(From, {1, false});
        _ -> ok
    end,
    controller().

%% The cases' group leader passes output on; other OTP releases to run nodes of are not available.
leader(Real) ->
    receive
        {sync_apply, From, _} -> From ! {sync_result, not_available};
        Request -> Real ! Request
    end,
    leader(Real).

%% The cases that have a result already.
done(File) ->
    {ok, B} = file:read_file(File),
    #{Id => true || <<"end\t", L/binary>> <- binary:split(B, <<"\n">>, [global]), Id <- [hd(binary:split(L, <<"\t">>))]}.

optional(Suite, F, Args, Default) ->
    case erlang:function_exported(Suite, F, length(Args)) of
        true -> apply(Suite, F, Args);
        false -> Default
    end.

suite(#run{suite = S} = Run, Config) ->
    case S:all() of
        {skip, _} -> ok;
        Items -> within(Run, [], Items, init_per_suite, end_per_suite, [Config], Config)
    end.

%% Runs items between an init and an end function, unless all of them have results.
within(Run, Path, Items, Init, End, Args, Config) ->
    case [I || I <- leaves(Run, Path, Items), not is_done(Run, I)] of
        [] -> ok;
        Left ->
            Id = id(Path, Init),
            case prepared(Run, Id, Init, Args, Config) of
                {ok, Config1} ->
                    items(Run, Path, Items, Config1),
                    guarded(Run, fun() -> optional(Run#run.suite, End, lists:droplast(Args) ++ [Config1], ok) end);
                {Result, Why} -> [finish(Run, I, Result, Why) || I <- Left]
            end
    end.

prepared(Run, Id, Init, Args, Config) ->
    case is_done(Run, Id) of
        true -> {blocked, {Init, died}};
        false ->
            note(Run, ["start\t", Id]),
            R = guarded(Run, fun() -> optional(Run#run.suite, Init, Args, Config) end),
            note(Run, ["over\t", Id]),
            case R of
                {value, C} when is_list(C) -> {ok, C};
                {value, {skip, W}} -> {skip, W};
                {value, {skipped, W}} -> {skip, W};
                {value, {skip_and_save, W, _}} -> {skip, W};
                {skip, W} -> {skip, W};
                Other -> {blocked, {Init, Other}}
            end
    end.

items(Run, Path, Items, Config) -> [item(Run, Path, I, Config) || I <- Items].

item(Run, Path, Item, Config) ->
    case expand(Run, Item) of
        {'case', F} -> testcase(Run, id(Path, F), F, Config);
        {group, Name, Props, Items} ->
            Config1 = [{tc_group_properties, [{name, Name} | Props]} | lists:keydelete(tc_group_properties, 1, Config)],
            within(Run, Path ++ [Name], Items, init_per_group, end_per_group, [Name, Config1], Config1);
        none -> ok
    end.

%% The shapes in which all/0 and groups/0 name cases and groups.
expand(_, F) when is_atom(F) -> {'case', F};
expand(_, {testcase, F, _}) -> {'case', F};
expand(Run, {group, Name}) -> named(Run, Name);
expand(Run, {group, Name, _}) -> named(Run, Name);
expand(Run, {group, Name, _, _}) -> named(Run, Name);
expand(_, {Name, Props, Items}) when is_list(Items) -> {group, Name, Props, Items};
expand(_, {Name, Items}) when is_list(Items) -> {group, Name, [], Items};
expand(_, _) -> none.

named(#run{groups = Gs} = Run, Name) ->
    case lists:keyfind(Name, 1, Gs) of
        false -> none;
        G -> expand(Run, G)
    end.

leaves(Run, Path, Items) ->
    lists:append([case expand(Run, I) of
                      {'case', F} -> [id(Path, F)];
                      {group, N, _, Sub} -> leaves(Run, Path ++ [N], Sub);
                      none -> []
                  end || I <- Items]).

id(Path, F) -> iolist_to_binary(lists:join("/", [atom_to_list(X) || X <- Path ++ [F]])).

is_done(#run{done = D}, Id) -> is_map_key(Id, D).

testcase(Run, Id, F, Config) ->
    case is_done(Run, Id) of
        true -> ok;
        false ->
            note(Run, ["start\t", Id]),
            case guarded(Run, fun() -> body(Run#run.suite, F, Config) end) of
                {value, {skip, W}} -> finish(Run, Id, skip, W);
                {value, {skipped, W}} -> finish(Run, Id, skip, W);
                {value, {failed, W}} -> again(Run, Id, fail, W);
                {value, _} -> finish(Run, Id, ok, "");
                {skip, W} -> finish(Run, Id, skip, W);
                {timeout, W} -> again(Run, Id, timeout, W);
                {fail, W} -> again(Run, Id, fail, W)
            end
    end.

body(S, F, Config) ->
    case optional(S, init_per_testcase, [F, Config], Config) of
        C when is_list(C) ->
            R = try S:F(C)
                catch Class:Reason:St ->
                    catch optional(S, end_per_testcase, [F, [{tc_status, {failed, Reason}} | C]], ok),
                    erlang:raise(Class, Reason, St)
                end,
            case optional(S, end_per_testcase, [F, [{tc_status, ok} | C]], ok) of
                {fail, W} -> {failed, {end_per_testcase, W}};
                _ -> R
            end;
        {fail, W} -> {failed, {init_per_testcase, W}};
        Other -> Other
    end.

%% Runs a function in a process of its own, within the time limit.
guarded(#run{seconds = Seconds}, Fun) ->
    Me = self(),
    Leader = group_leader(),
    {P, M} = spawn_monitor(fun() ->
        group_leader(Leader, self()),
        Me ! {self(), try {value, Fun()}
                      catch
                          throw:{skip, W} -> {skip, W};
                          throw:{skipped, W} -> {skip, W};
                          exit:{skipped, W} -> {skip, W};
                          C:R:St -> {fail, {C, R, lists:sublist(St, 4)}}
                      end}
    end),
    receive
        {P, R} -> demonitor(M, [flush]), R;
        {'DOWN', M, _, _, W} -> {fail, {exited, W}}
    after Seconds * 1000 ->
        At = catch process_info(P, current_stacktrace),
        exit(P, kill),
        {timeout, At}
    end.

finish(Run, Id, Result, Detail) ->
    note(Run, ["end\t", Id, "\t", atom_to_list(Result), "\t", one_line(Detail)]).

%% What a failed case leaves behind must not fail the next one: those run in a fresh engine.
again(Run, Id, Result, Detail) ->
    finish(Run, Id, Result, Detail),
    halt(9).

one_line("") -> "";
one_line(T) ->
    L = unicode:characters_to_list(io_lib:format("~0tp", [T])),
    unicode:characters_to_binary([if C < 32 -> $\s; true -> C end || C <- lists:sublist(L, 400)]).

note(#run{results = File}, Line) ->
    ok = file:write_file(File, [Line, $\n], [append, raw]).
