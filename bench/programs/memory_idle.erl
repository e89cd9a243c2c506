%% Resident memory of a node that has just started, by the operating system's figures.
-module(memory_idle).
-export([figures/0, rss/0]).
figures() -> timer:sleep(1000), [{'-', rss(), "bytes"}].
rss() ->
    {ok, F} = file:open("/proc/" ++ os:getpid() ++ "/status", [read]),
    B = line(F),
    ok = file:close(F),
    B.
line(F) ->
    case file:read_line(F) of
        {ok, "VmRSS:" ++ T} -> {ok, [Kb], _} = io_lib:fread("~d", T), Kb * 1024;
        {ok, _} -> line(F)
    end.
