%% A process whose heap is too large is killed before it comes to end in its own way; messages count.
-module(proc_heap_limit).
-export([main/0]).

main() ->
    Limit = #{size => 233, kill => true, error_logger => false},
    ended(exit, Limit, fun() -> exit(lists:seq(1, 1000)) end),
    ended(caught, Limit, fun() -> (catch exit(lists:seq(1, 1000))), exit(mine) end),
    Bytes = id(8 * 233),
    B = <<255:Bytes/little-unit:8>>,
    ended(integer, Limit, fun() -> <<N:Bytes/unit:8>> = B, exit(N) end),
    ended(known, Limit, fun() -> <<N:1864/unit:8>> = B, exit(N) end),
    ended(small, Limit, fun() -> exit(small) end),
    queue(on_heap),
    queue(off_heap).

ended(Name, Limit, Fun) ->
    {_, M} = spawn_opt(Fun, [monitor, {max_heap_size, Limit}]),
    receive {'DOWN', M, process, _, R} -> io:format("~p: ~P~n", [Name, R, 5]) end.

queue(Where) ->
    Idle = fun() -> receive stop -> ok end end,
    {P, M} = spawn_opt(Idle, [monitor, {max_heap_size, #{size => 1024, kill => true, error_logger => false}}, {message_queue_data, Where}]),
    [P ! lists:duplicate(I, I) || I <- lists:seq(1, 100)],
    process_info(P, messages),
    erlang:garbage_collect(P),
    P ! stop,
    receive {'DOWN', M, process, _, R} -> io:format("~p: ~p~n", [Where, R]) end.

id(X) -> X.
