%% The default logger's crash and error reports, times and pids replaced.
-module(otp_crash_report).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, log/2]).
-include("t.hrl").
main() ->
    ok = logger:add_handler(cap, ?MODULE, #{config => self()}), ok = logger:remove_handler(default),
    spawn(fun() -> error(plain_spawn_crash) end), show(), spawn(fun() -> throw(uncaught) end), show(), spawn(fun() -> exit(not_logged) end), proc_lib:spawn(fun() -> error(proc_lib_crash) end), show(), proc_lib:spawn(fun() -> exit(some_reason) end), show(), {ok, P} = gen_server:start(?MODULE, [], []), catch gen_server:call(P, crash), show(), show(), {ok, P2} = gen_server:start(?MODULE, [], []), gen_server:cast(P2, bad_return), show(), show(), spawn(fun() -> ?MODULE:undefd(1, 2) end), show(), spawn(fun() -> (fun(a) -> b end)(?id(c)) end), show().
log(#{level := L} = E, #{config := Pid}) -> Pid ! {log, L, logger_formatter:format(E, #{template => [msg], single_line => false})}.
show() -> receive {log, L, T} -> S = lists:foldl(fun({Re, With}, A) -> re:replace(A, Re, With, [global, {return, list}, unicode]) end, unicode:characters_to_list(T), [{"<0\\.[0-9]+\\.0>", "<PID>"}, {"reductions: [0-9]+", "reductions: N"}, {"(heap_size|stack_size): [0-9]+", "\\1: N"}, {", \\[\\{file,.*?\\}\\]", ""}, {"\\(gen_server.erl, line [0-9]+\\)|\\(proc_lib.erl, line [0-9]+\\)", "(LINE)"}, {"\\[\\{file,\"[a-z_]+.erl\"\\},\\s*\\{line,[0-9]+\\}\\]", "[LINE]"}, {",\\s*\\{init,[^}]*\\}", ""}]), io:format("~p ~ts~n", [L, S]) after 10000 -> io:format("no log~n") end.
init([]) -> {ok, state}.
handle_call(crash, _, _) -> error({handler, crashed}).
handle_cast(bad_return, _) -> bad.
