%% Endless sends: to a process that throws all away, and to one that does not exist.
-module(fairness_sends).
-export([figures/0]).
figures() ->
    Sink = spawn_link(fun sink/0),
    Gone = spawn(fun() -> ok end),
    fairness:with([fun() -> Sink ! {some, "message", self()}, Gone ! nothing end]).
sink() -> receive _ -> sink() end.
