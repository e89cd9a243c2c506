%% Calls of a function with a breakpoint of erts_debug go to the caller's error handler.
-module(debug_breakpoint).
-export([f/1, g/0, breakpoint/3, undefined_function/3]).
-include("t.hrl").

f(X) -> {f, X}.
g() -> local(1).
local(X) -> {local, X}.

breakpoint(M, F, Args) -> {instead_of, M, F, Args}.
undefined_function(M, F, Args) -> error_handler:undefined_function(M, F, Args).

set(What, On) -> t__try(fun() -> erts_debug:breakpoint(What, On) end).

main() ->
    M = ?MODULE,
    io:format("~p~n", [[set(W, true) || W <- [{M, f, x}, {M, f}, {'_', f, 1}, f, {1, f, 1}]]]),
    io:format("~p~n", [[set({M, f, 1}, B) || B <- [yes, 1]]]),
    Handler = handler(),
    Run = fun(F) ->
        {_, R} = spawn_monitor(fun() -> process_flag(error_handler, Handler), exit({result, t__try(F)}) end),
        receive {'DOWN', R, _, _, {result, X}} -> X; {'DOWN', R, _, _, X} -> X end
    end,
    io:format("~p~n", [set({M, f, 1}, true)]),
    io:format("~p~n", [[Run(fun() -> M:f(1) end), Run(fun() -> f(2) end), Run(fun() -> apply(M, f, [3]) end),
        Run(fun() -> (fun M:f/1)(4) end), Run(fun() -> [f(N) || N <- [5, 6]] end), Run(fun() -> M:g() end)]]),
    io:format("~p~n", [{set({M, f, 1}, false), Run(fun() -> M:f(1) end)}]),
    io:format("~p~n", [{set({M, f, '_'}, true), set({M, local, '_'}, true), Run(fun() -> M:g() end), Run(fun() -> M:f(7) end)}]),
    %% Together with counting.
    erlang:trace_pattern({M, f, 1}, true, [call_count]),
    io:format("~p~n", [{Run(fun() -> M:f(8) end), erlang:trace_info({M, f, 1}, call_count)}]),
    erlang:trace_pattern({M, f, 1}, false, [call_count]),
    io:format("~p~n", [{Run(fun() -> M:f(8) end), set({M, '_', '_'}, false) > 5, Run(fun() -> M:f(9) end), Run(fun() -> M:g() end)}]),
    io:format("~p~n", [t__try(fun() -> erts_internal:check_dirty_process_code(self(), M) end)]).

handler() ->
    Forms = [{attribute, 1, module, handler}, {attribute, 1, export, [{breakpoint, 3}, {undefined_function, 3}]},
        {function, 1, breakpoint, 3, [{clause, 1, [{var, 1, 'M'}, {var, 1, 'F'}, {var, 1, 'A'}], [],
            [{tuple, 1, [{atom, 1, instead_of}, {var, 1, 'M'}, {var, 1, 'F'}, {var, 1, 'A'}]}]}]},
        {function, 1, undefined_function, 3, [{clause, 1, [{var, 1, 'M'}, {var, 1, 'F'}, {var, 1, 'A'}], [],
            [{call, 1, {remote, 1, {atom, 1, error_handler}, {atom, 1, undefined_function}},
                [{var, 1, 'M'}, {var, 1, 'F'}, {var, 1, 'A'}]}]}]}],
    {ok, handler, Code} = compile:forms(Forms, []),
    {module, handler} = code:load_binary(handler, "handler.beam", Code),
    handler.
