%% Short processes: started, ended, nothing else; 100 at a time.
-module(process_spawn_exit).
-export([run/0, child/1]).
run() -> C = counters:new(1, []), rounds(500, C), counters:get(C, 1).
rounds(0, _) -> ok;
rounds(N, C) ->
    {_, M} = spawn_monitor(?MODULE, child, [C]),
    [spawn(?MODULE, child, [C]) || _ <- lists:seq(1, 99)],
    receive {'DOWN', M, _, _, normal} -> wait(C, (501 - N) * 100), rounds(N - 1, C) end.
child(C) -> counters:add(C, 1, 1).
wait(C, N) -> case counters:get(C, 1) of N -> ok; _ -> erlang:yield(), wait(C, N) end.
