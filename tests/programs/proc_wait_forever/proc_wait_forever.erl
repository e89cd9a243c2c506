%% A process that waits with the timeout `infinity` goes on waiting when a message comes that nothing matches.
-module(proc_wait_forever).
-export([main/0]).

main() ->
    process_flag(trap_exit, true),
    Sleepers = [spawn_monitor(fun sleeper/0) || _ <- lists:seq(1, 20)],
    [until_waiting(P) || {P, _} <- Sleepers],
    [begin P ! {hello, N}, exit(P, shutdown), until_waiting(P) end || {P, _} <- Sleepers, N <- lists:seq(1, 5)],
    [io:format("~p ~p~n", [is_process_alive(P), element(2, process_info(P, message_queue_len))]) || {P, _} <- Sleepers],
    [exit(P, kill) || {P, _} <- Sleepers],
    [receive {'DOWN', R, process, P, Why} -> io:format("~p~n", [Why]) end || {P, R} <- Sleepers].

sleeper() ->
    process_flag(trap_exit, true),
    %% Something for the registers before each sleep.
    [erlang:phash2({N, self()}) || N <- lists:seq(1, 100)],
    timer:sleep(infinity).

until_waiting(P) ->
    case process_info(P, status) of
        {status, waiting} -> ok;
        undefined -> ok;
        _ -> erlang:yield(), until_waiting(P)
    end.
