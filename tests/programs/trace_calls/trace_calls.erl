%% Calls: local, global, of BIFs; match specifications and their actions; returns and exceptions; counters; meta tracing;
%% what reloading a module does to breakpoints.
-module(trace_calls).
-export([main/0, fac/1, run/1, bad/1, catcher/1, tail/1, loop/1, id/1, big/2]).

main() ->
    W = spawn_link(fun worker/0),
    put(worker, W),
    1 = erlang:trace(W, true, [call]),
    local(), global(), bifs(), returns(), exceptions(), actions(), counters(), meta(), arguments(), reload(), receives(),
    io:format("~p~n", [erlang:trace_info({?MODULE, fac, 1}, all)]).

local() ->
    3 = erlang:trace_pattern({?MODULE, fac, 1}, true, [local])
        + erlang:trace_pattern({?MODULE, helper, '_'}, true, [local])
        + erlang:trace_pattern({?MODULE, id, 1}, [{['$1'], [{is_atom, '$1'}], [{message, {{got, '$1'}}}]}], [local]),
    call(fun() -> fac(3) end),
    call(fun() -> {helper(1), ?MODULE:id(a), id(1)} end),
    [io:format("~p~n", [erlang:trace_info({?MODULE, F, 1}, I)])
     || F <- [fac, id, run, nothing], I <- [traced, match_spec, meta, meta_match_spec, call_count, all]],
    off().

global() ->
    2 = erlang:trace_pattern({lists, reverse, '_'}, true, []),
    1 = erlang:trace_pattern({?MODULE, fac, '_'}, true, [global]),
    call(fun() -> {lists:reverse([1, 2, 3]), fac(2), ?MODULE:fac(2)} end),
    F = fun ?MODULE:fac/1,
    call(fun() -> {F(1), apply(?MODULE, fac, [0]), apply(F, [0])} end),
    io:format("~p~n", [erlang:trace_info({lists, reverse, 2}, all)]),
    off(),
    call(fun() -> lists:reverse([1, 2, 3]) end).

bifs() ->
    [begin
         [1 = erlang:trace_pattern(B, true, How) || B <- [{erlang, integer_to_list, 1}, {erlang, list_to_tuple, 1},
                                                          {maps, merge, 2}, {erlang, process_info, 2}]],
         call(fun() -> {integer_to_list(id(12)), list_to_tuple(id([a])), maps:merge(id(#{}), #{a => 1}),
                        catch list_to_tuple(id(x)), apply(erlang, id(integer_to_list), [3]),
                        process_info(self(), current_function)} end),
         off()
     end || How <- [[], [local]]],
    call(fun() -> integer_to_list(id(12)) end).

returns() ->
    Spec = [{'_', [], [{return_trace}]}],
    erlang:trace_pattern({?MODULE, fac, 1}, Spec, [local]),
    erlang:trace_pattern({?MODULE, tail, 1}, Spec, [local]),
    erlang:trace_pattern({erlang, integer_to_list, 1}, Spec, [local]),
    call(fun() -> fac(2) end),
    call(fun() -> tail(2) end),
    call(fun() -> integer_to_list(id(7)) end),
    1 = erlang:trace(get(worker), true, [return_to]),
    call(fun() -> run(2) end),
    1 = erlang:trace(get(worker), false, [return_to]),
    off().

exceptions() ->
    Spec = [{'_', [], [{exception_trace}]}],
    erlang:trace_pattern({?MODULE, '_', '_'}, Spec, [local]),
    erlang:trace_pattern({?MODULE, worker, 0}, false, [local]),
    1 = erlang:trace(get(worker), true, [return_to]),
    [call(fun() -> catcher(X) end) || X <- [error, throw, exit, badarith, none]],
    1 = erlang:trace(get(worker), false, [return_to]),
    off().

actions() ->
    P = {?MODULE, id, 1},
    Do = fun(Body) ->
                 erlang:trace_pattern(P, [{'_', [], Body}], [local]),
                 call(fun() -> {here(1), 1} end)
         end,
    Do([{message, {caller}}]),
    Do([{message, {process_dump}}]),
    Do([{message, {self}}]),
    Do([{message, false}, {return_trace}]),
    Do([{message, {get_tcw}}]),
    Do([{set_tcw, 15}, {message, {get_tcw}}]),
    0 = erlang:system_flag(trace_control_word, 0) - 15,
    Do([{message, {{'$_', '$$'}}}]),
    Do([{message, [{is_seq_trace}, {get_seq_token}]}]),
    Do([{disable_trace, call}, {message, off}]),
    Do([]),
    1 = erlang:trace(get(worker), true, [call]),
    Do([{trace, [call], [send]}]),
    io:format("~p~n", [erlang:trace_info(get(worker), flags)]),
    1 = erlang:trace(get(worker), false, [all]),
    1 = erlang:trace(get(worker), true, [call, silent]),
    Do([]),
    Do([{silent, false}, {message, loud}]),
    Do([{silent, true}, {message, quiet}]),
    1 = erlang:trace(get(worker), false, [all]),
    1 = erlang:trace(get(worker), true, [call]),
    io:format("~p~n", [[erlang:match_spec_test(A, S, trace)
                        || A <- [[1, 2], [a]], S <- [[{'_', [], [{return_trace}]}], [{['$1', '_'], [], [{message, '$1'}]}],
                                                     [{['$1'], [{is_atom, '$1'}], [{exception_trace}]}]]]]),
    off().

counters() ->
    erlang:trace_pattern({?MODULE, fac, 1}, true, [call_count, call_time, call_memory]),
    erlang:trace_pattern({?MODULE, big, 2}, true, [call_memory]),
    call(fun() -> fac(9) end),
    call(fun() -> length(big(100, [])) end),
    W = get(worker),
    io:format("~p~n", [erlang:trace_info({?MODULE, fac, 1}, call_count)]),
    {call_time, [{W, 10, S, _}]} = erlang:trace_info({?MODULE, fac, 1}, call_time),
    true = is_integer(S),
    {call_memory, [{W, 101, Words}]} = erlang:trace_info({?MODULE, big, 2}, call_memory),
    io:format("~p~n", [Words >= 200]),
    erlang:trace_pattern({?MODULE, fac, 1}, pause, [call_count]),
    call(fun() -> fac(9) end),
    io:format("~p~n", [erlang:trace_info({?MODULE, fac, 1}, call_count)]),
    erlang:trace_pattern({?MODULE, fac, 1}, restart, [call_count, call_time]),
    call(fun() -> fac(4) end),
    io:format("~p~n", [erlang:trace_info({?MODULE, fac, 1}, call_count)]),
    {call_time, [{W, 5, _, _}]} = erlang:trace_info({?MODULE, fac, 1}, call_time),
    off().

meta() ->
    erlang:trace_pattern({?MODULE, fac, 1}, [{[1], [], [{return_trace}]}, {['$1'], [{'>', '$1', 1}], []}], [meta]),
    1 = erlang:trace(get(worker), false, [all]),
    call(fun() -> fac(2) end),
    io:format("~p~n", [[T =:= self() || {meta, T} <- [erlang:trace_info({?MODULE, fac, 1}, meta)]]]),
    1 = erlang:trace(get(worker), true, [call]),
    off().

arguments() ->
    1 = erlang:trace(get(worker), true, [arity]),
    erlang:trace_pattern({?MODULE, fac, 1}, true, [local]),
    call(fun() -> fac(1) end),
    1 = erlang:trace(get(worker), false, [arity]),
    off().

reload() ->
    M = trace_calls_dummy,
    load(M, 1),
    erlang:trace_pattern({M, f, 0}, true, [local]),
    erlang:trace_pattern({M, g, 0}, true, [global]),
    call(fun() -> {M:f(), M:g()} end),
    load(M, 2),
    call(fun() -> {M:f(), M:g()} end),
    io:format("~p~n", [erlang:trace_info({M, f, 0}, traced)]),
    0 = erlang:trace_pattern(on_load, true, [local]),
    io:format("~p~n", [erlang:trace_info(on_load, all)]),
    load(M, 3),
    0 = erlang:trace_pattern(on_load, false, [local]),
    call(fun() -> {M:f(), M:g()} end),
    code:purge(M), code:delete(M), code:purge(M),
    off().

load(M, N) ->
    Forms = [{attribute, 1, module, M}, {attribute, 1, export, [{f, 0}, {g, 0}]},
             {function, 1, f, 0, [{clause, 1, [], [], [{integer, 1, N}]}]},
             {function, 1, g, 0, [{clause, 1, [], [], [{call, 1, {atom, 1, f}, []}]}]}],
    {ok, M, Code} = compile:forms(Forms),
    code:purge(M),
    {module, M} = code:load_binary(M, "none", Code).

%% A function that begins with `receive` is called once, however many messages it looks at.
receives() ->
    erlang:trace_pattern({?MODULE, loop, 1}, true, [local]),
    W = get(worker),
    W ! {call, self(), fun() -> loop(0) end},
    [W ! {add, N} || N <- [1, 2, 3]], W ! done,
    show(),
    off().

off() ->
    erlang:trace_pattern({'_', '_', '_'}, false, []),
    erlang:trace_pattern({'_', '_', '_'}, false, [local, meta, call_count, call_time, call_memory]).

call(F) -> get(worker) ! {call, self(), F}, show().

show() ->
    W = get(worker),
    {Result, Messages} = until_result(W, []),
    R = erlang:trace_delivered(W),
    Late = until_delivered(W, R),
    io:format("~p~n", [plain(Result)]),
    [io:format("    ~p~n", [plain(M)]) || M <- Messages ++ Late].

until_result(W, Acc) ->
    receive {W, result, R} -> {R, lists:reverse(Acc)}; M -> until_result(W, [M | Acc]) end.
until_delivered(W, R) ->
    receive {trace_delivered, W, R} -> []; M -> [M | until_delivered(W, R)] end.

plain(B) when is_binary(B) -> binary;
plain(P) when is_pid(P) -> pid;
plain({trace_ts, P, T, X, {_, _, _}}) -> {trace_ts, plain(P), T, plain(X), time};
plain({trace_ts, P, T, X, Y, {_, _, _}}) -> {trace_ts, plain(P), T, plain(X), plain(Y), time};
plain(T) when is_tuple(T) -> list_to_tuple([plain(X) || X <- tuple_to_list(T)]);
plain([H | T]) -> [plain(H) | plain(T)];
plain(F) when is_function(F) -> 'fun';
plain(X) -> X.

worker() ->
    receive {call, From, F} -> From ! {self(), result, F()} end,
    worker().

fac(0) -> 1;
fac(N) -> N * fac(N - 1).
helper(X) -> {X}.
id(X) -> X.
here(X) -> [id(X)].
run(N) -> [fac(N), tail(N)].
tail(0) -> done;
tail(N) -> tail(N - 1).
bad(none) -> fine;
bad(badarith) -> 1 + id(a);
bad(X) -> erlang:X(reason).
catcher(X) -> try bad(X) of V -> {ok, V} catch C:R -> {C, R} end.
loop(N) -> receive {add, X} when X > 1 -> loop(N + X); done -> {N, element(2, process_info(self(), message_queue_len))} end.
big(0, L) -> L;
big(N, L) -> big(N - 1, [N | L]).
