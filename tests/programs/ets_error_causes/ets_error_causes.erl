%% What ETS says about calls that fail: the cause beside the reason, and which of several is said.
-module(ets_error_causes).
-export([main/0]).

main() ->
    Self = self(),
    {Dead, M} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', M, _, _, _} -> ok end,
    _ = ets:new(taken, [named_table]),
    [begin
         io:format("~p~n", [Type]),
         New = fun() -> ets:new(plain, [Type, private]) end,
         Row = fun() -> T = New(), ets:insert(T, {one, two, 3}), T end,
         Named = fun() -> ets:whereis(ets:new(named, [Type, named_table, private])) end,
         Gone = fun() -> T = New(), ets:delete(T), T end,
         calls(Self, Dead, [New, Row, Named, Gone, fun make_ref/0])
     end || Type <- [set, ordered_set, bag, duplicate_bag]],
    [io:format("~w ~p~n", [O, ets:info(ets:new(t, [public | O]), decentralized_counters)]) ||
        O <- [[{write_concurrency, true}], [{write_concurrency, auto}], [ordered_set, {write_concurrency, true}],
              [{write_concurrency, {debug_hash_fixed_number_of_locks, 64}}],
              [{write_concurrency, {debug_hash_fixed_number_of_locks, 64}}, {write_concurrency, true}]]].

calls(Self, Dead, Makers) ->
    [begin
         T = Make(),
         tried(F, [T | Rest]),
         foreign(F, [T | Rest]),
         (catch ets:delete(T)),
         (catch ets:delete(named))
     end || {F, Rest} <- [{next, [none]}, {prev, [none]}, {next_lookup, [none]}, {prev_lookup, [none]}, {whereis, []},
                          {rename, [taken]}, {rename, [free]}, {rename, [{bad}]}, {setopts, [bad]}, {setopts, [[{bad, 1}]]},
                          {safe_fixtable, [perhaps]}, {give_away, [no_pid, x]}, {give_away, [Dead, x]},
                          {give_away, [Self, x]}, {update_element, [one, {2, new}]},
                          {update_element, [none, {1, new}, {none, old}]}, {update_counter, [one, 1]}, {update_counter, [one, {3, 1}]},
                          {lookup_element, [one, 9]}, {lookup_element, [none, 1]}, {insert, [{}]}, {slot, [-1]}],
            Make <- Makers].

tried(F, Args) -> io:format("~p/~p: ~p~n", [F, length(Args), result(F, Args)]).

foreign(F, Args) ->
    {_, M} = spawn_monitor(fun() -> exit(result(F, Args)) end),
    receive {'DOWN', M, _, _, R} -> io:format("  from another process: ~p~n", [R]) end.

result(F, Args) ->
    try apply(ets, F, Args) of
        R when is_reference(R) -> reference;
        R -> R
    catch
        error:Reason:Trace ->
            [{_, _, _, Info} | _] = Trace,
            {Reason, maps:get(cause, proplists:get_value(error_info, Info, #{}), none)}
    end.
