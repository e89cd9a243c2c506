%% A process that ends tells those it is linked with before those that monitor it: a supervisor that is asked by somebody
%% who has been told knows of it already.
-module(proc_exit_order).
-export([main/0, init/1, handle_event/2, handle_call/2, handle_info/2]).

main() ->
    S = spawn(fun() -> process_flag(trap_exit, true), supervise(none) end),
    [started = supervised(S, Ending) || Ending <- [returns, exits, killed], _ <- lists:seq(1, 700)],
    io:format("supervisor knows first~n"),
    [restarts() || _ <- lists:seq(1, 300)],
    io:format("handlers come and go~n").

supervised(S, Ending) ->
    S ! {start, self()},
    W = receive {started, P} -> P end,
    M = monitor(process, W),
    case Ending of
        returns -> W ! return;
        exits -> W ! exit;
        killed -> exit(W, kill)
    end,
    receive {'DOWN', M, process, W, _} -> ok end,
    S ! {gone, W, self()},
    receive true -> started end.

supervise(Last) ->
    receive
        {start, From} ->
            From ! {started, spawn_link(fun() -> receive return -> ok; exit -> exit(oops) end end)},
            supervise(Last);
        {'EXIT', P, _} -> supervise(P);
        {gone, P, From} -> From ! P =:= Last, supervise(Last)
    end.

%% OTP's own supervisor deletes a child's specification only when it knows that the child is gone.
restarts() ->
    ok = error_logger:add_report_handler(?MODULE, []),
    _ = error_logger:delete_report_handler(?MODULE),
    undefined = whereis(error_logger).

init(S) -> {ok, S}.
handle_event(_, S) -> {ok, S}.
handle_call(_, S) -> {ok, ok, S}.
handle_info(_, S) -> {ok, S}.
