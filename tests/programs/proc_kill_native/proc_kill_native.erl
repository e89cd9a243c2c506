%% A process that is killed while a native function works for it is gone for all others at once, not when the
%% function is done.
-module(proc_kill_native).
-export([main/0]).

main() ->
    process_flag(trap_exit, true),
    Long = lists:seq(1, 2000000),
    Text = binary:copy(<<"abcdefgh">>, 8000000),
    persistent_term:put(?MODULE, {Long, Text}),
    [killed(Name, Fun) ||
        {Name, Fun} <- [{matches, fun() -> {_, T} = terms(), length(binary:matches(T, <<"h">>)) end},
                        {map, fun() -> {L, _} = terms(), maps:from_keys(L, L) end},
                        {external, fun() -> {L, _} = terms(), term_to_binary(lists:duplicate(20, L)) end},
                        {dirty_cpu, fun() -> erts_debug:dirty_cpu(wait, 8000) end},
                        {dirty_io, fun() -> erts_debug:dirty_io(wait, 8000) end}]],
    told(dirty_cpu),
    told(dirty_io),
    urgent().

terms() -> persistent_term:get(?MODULE).

killed(Name, Fun) ->
    Parent = self(),
    Loop = fun Loop() -> Fun(), Loop() end,
    P = spawn_link(fun() ->
        register(victim, self()),
        ets:new(victim, [named_table, public]),
        Parent ! ready,
        Loop()
    end),
    M = monitor(process, P),
    receive ready -> ok end,
    timer:sleep(50),
    Begun = erlang:monotonic_time(millisecond),
    exit(P, kill),
    Alive = is_process_alive(P),
    Down = receive {'DOWN', M, process, P, R} -> R end,
    Exit = receive {'EXIT', P, E} -> E end,
    Late = receive after 0 -> erlang:monotonic_time(millisecond) - Begun > 3000 end,
    io:format("~p: ~p~n", [Name, {Alive, Down, Exit, whereis(victim), ets:info(victim, size), lists:member(P, processes()),
                                  process_info(P), Late}]).

%% What the tests' own native functions tell whom.
told(Where) ->
    {P, M} = spawn_monitor(erts_debug, Where, [alive_waitexiting, self()]),
    receive {alive, P} -> ok end,
    exit(P, bang),
    receive {'DOWN', M, process, P, R} -> io:format("~p: ~p~n", [Where, R]) end.

%% Signals of a process that is in a native function are handled by others. Who waits for it lends them its priority, even
%% if they have been told of less urgent signals before.
urgent() ->
    process_flag(priority, max),
    {P, M} = spawn_monitor(erts_debug, dirty_io, [alive_waitexiting, self()]),
    receive {alive, P} -> ok end,
    Hogs = [spawn_opt(fun hog/0, [{priority, high}]) || _ <- lists:seq(1, 2 * erlang:system_info(schedulers))],
    timer:sleep(200),
    [begin
         demonitor(monitor(process, P)),
         true = group_leader(Leader, P),
         {group_leader, Leader} = process_info(P, group_leader)
     end || _ <- lists:seq(1, 20), Leader <- [whereis(init), group_leader()]],
    exit(P, bang),
    R = receive {'DOWN', M, process, P, Reason} -> Reason end,
    [exit(H, kill) || H <- Hogs],
    io:format("urgent: ~p~n", [R]).

hog() -> hog().
