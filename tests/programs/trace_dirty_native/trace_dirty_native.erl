%% The value of a native function that runs on a dirty thread, while its return is traced in several ways.
-module(trace_dirty_native).
-export([main/0]).

main() ->
    Tracer = spawn(fun Loop() -> receive _ -> Loop() end end),
    {ok, Dir} = file:get_cwd(),
    [try_one(Dir, Tracer, Spec, Flags) || {Spec, Flags} <- [
        {[{'_', [], [{return_trace}]}], [call]},
        {[{'_', [], [{exception_trace}]}], [call]},
        {true, [call, return_to]},
        {true, [call, return_to, running, garbage_collection]}]],
    1 = erlang:trace(self(), true, [call]),
    erlang:trace_pattern({prim_file, '_', '_'}, true, [call_time]),
    io:format("~p~n", [results(Dir)]),
    erlang:trace_pattern({prim_file, '_', '_'}, false, [call_time]).

try_one(Dir, Tracer, Spec, Flags) ->
    erlang:trace_pattern({prim_file, '_', '_'}, Spec, [local]),
    1 = erlang:trace(self(), true, [{tracer, Tracer} | Flags]),
    R = results(Dir),
    1 = erlang:trace(self(), false, [all]),
    erlang:trace_pattern({prim_file, '_', '_'}, false, [local]),
    io:format("~p~n", [R]).

results(Dir) ->
    [{element(1, prim_file:read_file_info(Dir)), prim_file:read_file("no such file"),
      element(1, prim_file:list_dir(Dir))} || _ <- [1, 2, 3]].
