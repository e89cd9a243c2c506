%% What threads spend their time on: measured only while it is asked for; `scheduler_wall_time` of all kinds of schedulers.
-module(sys_microstates).
-export([main/0]).

main() ->
    false = erlang:system_flag(microstate_accounting, false),
    false = erlang:system_flag(microstate_accounting, reset),
    io:format("before: ~p~n", [sum(schedulers())]),
    false = erlang:system_flag(microstate_accounting, true),
    timer:sleep(30),
    [true = erlang:garbage_collect() || _ <- lists:seq(1, 100)],
    io:format("while it is on: ~p~n", [sum(schedulers()) > 0]),
    true = erlang:system_flag(microstate_accounting, false),
    S = schedulers(),
    lists:foldl(fun(N, A) -> N + A end, 0, lists:seq(1, 100000)),
    io:format("off again, it stays: ~p~n", [S =:= schedulers()]),
    [io:format("~p ~p~n", [K, lists:sum([map_get(K, C) || C <- S]) > 0]) || K <- [emulator, gc, sleep]],
    io:format("~p~n", [lists:sort(maps:keys(hd(S)))]),
    Threads = erlang:system_info(schedulers),
    io:format("~p~n", [[Threads =:= length(S), all_ran(S, 30)]]),
    false = erlang:system_flag(microstate_accounting, reset),
    io:format("reset: ~p~n", [sum(schedulers())]),
    io:format("~p~n", [[catch_error(fun() -> erlang:system_flag(microstate_accounting, X) end) || X <- [maybe_, 1]]]),
    wall_times().

schedulers() -> [C || #{type := scheduler, counters := C} <- erlang:statistics(microstate_accounting)].
sum(L) -> lists:sum([lists:sum(maps:values(C)) || C <- L]).

%% Each has spent at least so many milliseconds on something.
all_ran(S, Milliseconds) ->
    lists:all(fun(C) -> erlang:convert_time_unit(lists:sum(maps:values(C)), perf_counter, millisecond) >= Milliseconds end, S).

wall_times() ->
    undefined = erlang:statistics(scheduler_wall_time_all),
    false = erlang:system_flag(scheduler_wall_time, true),
    Before = erlang:statistics(scheduler_wall_time_all),
    ok = erts_debug:dirty_cpu(wait, 60),
    After = erlang:statistics(scheduler_wall_time_all),
    Normal = erlang:system_info(schedulers),
    Cpu = erlang:system_info(dirty_cpu_schedulers),
    io:format("~p~n", [[length(L) - Normal - Cpu - erlang:system_info(dirty_io_schedulers) || L <- [Before, After]]]),
    Busy = [A1 - A0 || {{I, A0, _}, {I, A1, _}} <- lists:zip(lists:sort(Before), lists:sort(After)), I > Normal, I =< Normal + Cpu],
    io:format("~p~n", [lists:any(fun(N) -> N > 0 end, Busy)]),
    io:format("~p~n", [lists:all(fun({_, Active, Total}) -> Active =< Total end, After)]).

catch_error(F) -> try F() catch error:E -> E end.
