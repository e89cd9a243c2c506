%% Sessions of the module `trace`: each has its own tracer, tracees, patterns and counters.
-module(trace_sessions).
-export([main/0, f/1, g/1]).

main() ->
    Main = self(),
    [T1, T2] = [spawn_link(fun() -> tracer(Name, Main) end) || Name <- [one, two]],
    S1 = trace:session_create(first, T1, []),
    S2 = trace:session_create(second, T2, []),
    io:format("~p~n", [[{Name, is_reference(R), W =:= element(2, S)}
                        || {R, {Name, _} = W} = S <- [S1, S2]]]),
    W = spawn_link(fun worker/0),
    1 = trace:process(S1, W, true, [call]),
    1 = trace:process(S2, W, true, [call, arity]),
    1 = trace:function(S1, {?MODULE, f, 1}, true, [local]),
    1 = trace:function(S2, {?MODULE, f, 1}, [{[2], [], [{return_trace}]}], [local]),
    1 = trace:function(S2, {?MODULE, g, 1}, true, [call_count]),
    call(W, fun() -> {f(1), f(2), ?MODULE:g(3)} end),
    [io:format("~p~n", [trace:info(S, {?MODULE, F, 1}, I)])
     || S <- [S1, S2], F <- [f, g], I <- [traced, match_spec, call_count]],
    [io:format("~p ~p~n", [trace:info(S, W, flags), trace:info(S, W, tracer) =:= {tracer, T}]) || {S, T} <- [{S1, T1}, {S2, T2}]],
    io:format("~p~n", [names(trace:session_info(W))]),
    io:format("~p~n", [names(trace:session_info({?MODULE, f, 1}))]),
    io:format("~p~n", [names(trace:session_info(all))]),
    io:format("~p~n", [erlang:trace_info(W, flags)]),
    true = trace:session_destroy(S1),
    io:format("~p~n", [trace:session_destroy(S1)]),
    call(W, fun() -> f(2) end),
    io:format("~p~n", [catch_error(fun() -> trace:process(S1, W, true, [call]) end)]),
    io:format("~p~n", [names(trace:session_info(W))]),
    trace:send(S2, [{['_', {secret, '_'}], [], [{message, false}]}, {'_', [], []}], []),
    1 = trace:process(S2, W, true, [send]),
    call(W, fun() -> self() ! {secret, 1}, self() ! open end),
    true = trace:session_destroy(S2),
    io:format("~p~n", [names(trace:session_info(all))]),
    io:format("~p~n", [catch_error(fun() -> trace:session_create("name", T1, []) end)]),
    %% One that nobody refers to any more ends by itself.
    spawn(fun() -> trace:session_create(forgotten, T1, []), ok end),
    receive after 100 -> ok end,
    io:format("~p~n", [names(trace:session_info(all))]).

names(Sessions) when is_list(Sessions) -> lists:sort([N || {N, _} <- Sessions]);
names({_, Sessions}) -> names(Sessions).

catch_error(F) -> try F() catch C:R -> {C, R} end.

call(W, F) ->
    W ! {call, self(), F},
    receive {W, result, R} -> io:format("~p~n", [R]) end,
    receive after 50 -> ok end,
    io:format("  ~p~n", [lists:sort(told(W))]).
told(W) -> receive {Name, M} -> [{Name, setelement(2, M, w)} | told(W)] after 0 -> [] end.

tracer(Name, Main) ->
    receive M -> Main ! {Name, setelement(2, hide(M), pid)} end,
    tracer(Name, Main).
hide(M) -> list_to_tuple([if is_pid(X) -> pid; true -> X end || X <- tuple_to_list(M)]).

worker() ->
    receive {call, From, F} -> From ! {self(), result, F()}; _ -> ok end,
    worker().
f(X) -> [X].
g(X) -> {X}.
