%% What processes do, told to a tracer: messages, spawns, links, names, exits, scheduling, collections; flags that
%% children and linked processes inherit.
-module(trace_processes).
-export([main/0, nop/1]).

main() ->
    ok = logger:set_primary_config(level, none),
    messages(),
    life(),
    inheritance(),
    scheduling(),
    patterns(),
    errors().

messages() ->
    W = spawn(fun worker/0),
    1 = erlang:trace(W, true, [send, 'receive']),
    W ! {self(), {hello, [1, 2.5, <<"three">>]}},
    receive {_, ok} -> ok end,
    {Dead, Ref} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Ref, _, _, _} -> ok end,
    W ! {send, Dead, dead},
    show(messages, W),
    1 = erlang:trace(W, true, [monotonic_timestamp, scheduler_id]),
    W ! nothing,
    [{trace_ts, W, 'receive', nothing, Id, Time}] = collect(W),
    true = is_integer(Id) andalso is_integer(Time),
    io:format("~p~n", [erlang:trace_info(W, flags)]),
    io:format("~p~n", [{tracer, self()} =:= erlang:trace_info(W, tracer)]),
    1 = erlang:trace(W, false, [all]),
    W ! nothing,
    io:format("~p ~p~n", [erlang:trace_info(W, flags), erlang:trace_info(W, tracer)]),
    show(nothing, W),
    exit(W, kill).

life() ->
    W = spawn(fun worker/0),
    1 = erlang:trace(W, true, [procs]),
    W ! {spawn, self()},
    show(spawn, W),
    W ! {spawn_link, self()},
    show(spawn_link, W),
    W ! register,
    show(register, W),
    link(W), unlink(W),
    show(link, W),
    W ! {exit, bye},
    show(exit, W),
    undefined = erlang:trace_info(W, flags).

inheritance() ->
    [begin
         W = spawn(fun worker/0),
         1 = erlang:trace(W, true, [procs, Flag]),
         W ! {spawn, self()}, W ! {spawn, self()},
         W ! {spawn_link, self()}, W ! {spawn_link, self()},
         Kinds = [{element(3, M), element(2, M) =:= W} || M <- collect(W)],
         io:format("~p: ~p~n~p~n", [Flag, erlang:trace_info(W, flags), lists:sort(Kinds)]),
         exit(W, kill), collect(W)
     end || Flag <- [set_on_spawn, set_on_first_spawn, set_on_link, set_on_first_link]].

scheduling() ->
    W = spawn(fun worker/0),
    receive after 50 -> ok end,
    1 = erlang:trace(W, true, [running, exiting]),
    %% To ask whether it is idle would run it.
    W ! nothing,
    receive after 300 -> ok end,
    show(scheduled, W, all()),
    W ! {exit, normal},
    show(exiting, W),
    G = spawn(fun worker/0),
    1 = erlang:trace(G, true, [garbage_collection]),
    G ! gc,
    [{trace, G, gc_major_start, Info} | _] = [M || M <- collect(G), element(3, M) =/= gc_minor_start, element(3, M) =/= gc_minor_end],
    io:format("~p~n", [lists:sort([K || {K, _} <- Info])]),
    exit(G, kill).

patterns() ->
    W = spawn(fun worker/0),
    1 = erlang:trace(W, true, [send, 'receive']),
    1 = erlang:trace_pattern(send, [{[self(), '$1'], [], [{message, {{sent, '$1'}}}]}], []),
    1 = erlang:trace_pattern('receive', [{['_', self(), {'_', '$1'}], [{is_atom, '$1'}], []}], []),
    W ! {self(), one}, W ! {self(), 2}, W ! {self(), three},
    [receive {_, ok} -> ok end || _ <- [1, 2, 3]],
    show(patterns, W),
    io:format("~p~n", [erlang:trace_info('receive', match_spec) =/= {match_spec, true}]),
    1 = erlang:trace_pattern(send, false, []),
    io:format("~p~n", [erlang:trace_info(send, match_spec)]),
    W ! {self(), four}, receive {_, ok} -> ok end,
    show(silent, W),
    1 = erlang:trace_pattern(send, true, []),
    1 = erlang:trace_pattern('receive', true, []),
    io:format("~p~n", [[erlang:trace_info(E, match_spec) || E <- [send, 'receive']]]).

errors() ->
    [io:format("~p~n", [try apply(erlang, F, A) catch C:R -> {C, R} end])
     || {F, A} <- [{trace, [self(), maybe_, [call]]}, {trace, [self(), true, [no_flag]]},
                   {trace, [none, true, [call]]}, {trace, [self(), true, call]},
                   {trace_pattern, [{a, '_', b}, true, []]}, {trace_pattern, [{'_', b, '_'}, true, []]},
                   {trace_pattern, [{a, b, 1}, [{a}], []]}, {trace_pattern, [{a, b, 1}, true, [local, global]]},
                   {trace_pattern, [{a, b, 1}, [{'_', [], [{nothing}]}], [call_count]]},
                   {trace_pattern, [{no_such_module, b, 1}, true, []]},
                   {trace_info, [self(), nothing]}, {trace_info, [{a, b}, all]}, {trace_info, [{a, b, 1}, all]},
                   {trace_delivered, [nobody]}]],
    T = spawn(fun() -> receive stop -> ok end end),
    1 = erlang:trace(self(), true, [call, {tracer, T}]),
    io:format("~p~n", [catch element(2, element(2, catch erlang:trace(self(), true, [call])))]),
    exit(T, kill),
    receive after 50 -> ok end,
    io:format("~p~n", [erlang:trace_info(self(), tracer)]).

show(Name, W) -> show(Name, W, collect(W)).
show(Name, W, L) -> io:format("~p:~n  ~p~n", [Name, [plain(M, W) || M <- L]]).

%% Everything that was said until the worker had done what it was told.
collect(W) ->
    idle(W),
    R = erlang:trace_delivered(all),
    receive {trace_delivered, all, R} -> ok end,
    all().

idle(W) ->
    case process_info(W, [current_function, status, message_queue_len]) of
        undefined -> ok;
        [{_, {?MODULE, worker, 0}}, {_, waiting}, {_, 0}] -> ok;
        _ -> receive after 1 -> ok end, idle(W)
    end.
all() -> receive M -> [M | all()] after 0 -> [] end.

plain(M, W) -> plain1(M, {W, self()}).
plain1(W, {W, _}) -> worker;
plain1(S, {_, S}) -> main;
plain1(P, _) when is_pid(P) -> other;
plain1(T, E) when is_tuple(T) -> list_to_tuple([plain1(X, E) || X <- tuple_to_list(T)]);
plain1([H | T], E) -> [plain1(H, E) | plain1(T, E)];
plain1(F, _) when is_function(F) -> 'fun';
plain1(X, _) -> X.

worker() ->
    receive
        {send, To, M} -> pause(), To ! M;
        {spawn, _} -> ended(spawn(?MODULE, nop, [x]));
        {spawn_link, _} -> ended(spawn_link(?MODULE, nop, [y])), unlinked();
        register -> register(trace_worker, self()), unregister(trace_worker);
        gc -> erlang:garbage_collect();
        {exit, Reason} -> exit(Reason);
        {From, _} when is_pid(From) -> From ! {self(), ok};
        _ -> ok
    end,
    worker().

pause() -> receive after 20 -> ok end.

ended(P) ->
    M = monitor(process, P),
    receive {'DOWN', M, process, P, _} -> ok end.

unlinked() ->
    case process_info(self(), links) of
        {links, []} -> ok;
        _ -> receive after 1 -> ok end, unlinked()
    end.

nop(X) -> X.
