%% processes/0 while processes come and go: everyone who lives through the call is there, once, in order.
-module(proc_listing).
-export([main/0]).

main() ->
    Stay = [spawn_link(fun wait/0) || _ <- lists:seq(1, 3000)],
    Churn = [spawn_link(fun churn/0) || _ <- lists:seq(1, 4)],
    Checks = [check(Stay) || _ <- lists:seq(1, 20)],
    io:format("~p~n", [lists:usort(Checks)]),
    Me = self(),
    %% Several at the same time, some of them ended in the middle.
    Others = [spawn_link(fun() -> Me ! {self(), lists:usort([check(Stay) || _ <- lists:seq(1, 5)])} end)
              || _ <- lists:seq(1, 4)],
    [begin P = spawn(fun list_for_ever/0), timer:sleep(1), exit(P, kill) end || _ <- lists:seq(1, 20)],
    io:format("~p~n", [lists:usort([receive {P, R} -> R end || P <- Others])]),
    [begin unlink(P), exit(P, kill) end || P <- Stay ++ Churn],
    io:format("~p~n", [[P || P <- Stay, is_process_alive(P)]]),
    All = apply(erlang, processes, []),
    io:format("~p~n", [[P || P <- All, lists:member(P, Stay)]]).

wait() -> receive never -> ok end.

churn() ->
    P = spawn(fun wait/0),
    erlang:yield(),
    exit(P, kill),
    churn().

list_for_ever() -> processes(), list_for_ever().

check(Stay) ->
    All = processes(),
    {lists:member(self(), All), Stay -- All, length(All) =:= length(lists:usort(All))}.
