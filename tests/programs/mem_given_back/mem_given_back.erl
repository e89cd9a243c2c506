%% Memory that a spike took goes back to the system within seconds, while nothing else happens.
-module(mem_given_back).
-export([main/0]).

main() ->
    Kinds = [processes, binaries, table, deleted, heap, queue, forgotten],
    [spike(Kind, 1) || Kind <- Kinds],
    timer:sleep(1500),
    Before = rss(),
    [io:format("~p: ~p~n", [Kind, comes_back(Kind, Before)]) || Kind <- Kinds].

comes_back(Kind, Before) ->
    spike(Kind, 100),
    %% A part of what each spike takes: how much a node keeps is for the benchmarks to measure.
    wait(Before + 60 * 1024, 60).

wait(_, 0) -> {still, rss()};
wait(Most, N) ->
    case rss() of
        R when R =< Most -> true;
        _ -> timer:sleep(250), wait(Most, N - 1)
    end.

spike(Kind, N) ->
    {P, M} = spawn_monitor(fun() -> exit(take(Kind, N)) end),
    receive {'DOWN', M, process, P, R} -> R end.

take(processes, N) ->
    Ps = [spawn_monitor(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 4000 * N)],
    [P ! stop || {P, _} <- Ps],
    [receive {'DOWN', _, _, _, _} -> ok end || _ <- Ps],
    ok;
take(binaries, N) -> length([binary:copy(<<I>>, 15000 * N) || I <- lists:seq(1, 100)]);
take(table, N) -> table(set, N);
take(deleted, N) ->
    T = table(ordered_set, N),
    [ets:delete(T, I) || I <- lists:seq(1, 10000 * N)],
    ok;
take(heap, N) -> length([{I, [I], I} || I <- lists:seq(1, 20000 * N)]);
take(queue, N) ->
    P = spawn(fun() -> receive go -> ok end end),
    send(P, 15000 * N),
    exit(P, kill);
take(forgotten, N) ->
    Me = self(),
    %% It makes nothing itself, and stays.
    P = spawn(fun() -> receive go -> ok end, forget(Me) end),
    send(P, 15000 * N),
    P ! go,
    P ! stop,
    receive stopped -> ok end.

send(P, N) -> [P ! {message, I, "with a text"} || I <- lists:seq(1, N)].

forget(Who) ->
    receive
        {message, _, _} -> forget(Who);
        stop -> Who ! stopped, receive never -> ok end
    end.

table(Type, N) ->
    T = ets:new(t, [Type]),
    [ets:insert(T, {I, I, "some text"}) || I <- lists:seq(1, 10000 * N)],
    T.

%% Resident kilobytes.
rss() ->
    {ok, F} = file:open("/proc/" ++ os:getpid() ++ "/status", [read]),
    R = line(F),
    ok = file:close(F),
    R.
line(F) ->
    case file:read_line(F) of
        {ok, "VmRSS:" ++ T} -> {ok, [Kb], _} = io_lib:fread("~d", T), Kb;
        {ok, _} -> line(F)
    end.
