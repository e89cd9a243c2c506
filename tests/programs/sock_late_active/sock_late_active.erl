%% A connection ends while the socket is passive: who makes it active afterwards gets the messages about it.
-module(sock_late_active).
-export([main/0]).

main() -> [io:format("~p~n", [{Case, ending(Case)}]) || Case <- [closed, received, reset, reset_shown, queued, stays_open]].

ending(closed) ->
    {S, C} = pair([]),
    gen_tcp:close(S),
    once(C);
ending(received) ->
    {S, C} = pair([]),
    gen_tcp:close(S),
    {gen_tcp:recv(C, 0), once(C)};
ending(reset) -> reset([]);
ending(reset_shown) -> reset([{show_econnreset, true}]);
%% The system notices when what waits is written; nobody receives.
ending(queued) ->
    {S, C} = pair([{show_econnreset, true}]),
    ok = gen_tcp:send(C, binary:copy(<<".">>, 1024 * 1024)),
    ok = gen_tcp:send(S, "x"),
    timer:sleep(30),
    ok = inet:setopts(S, [{linger, {true, 0}}]),
    gen_tcp:close(S),
    timer:sleep(100),
    once(C);
ending(stays_open) ->
    {S, C} = pair([{exit_on_close, false}]),
    gen_tcp:close(S),
    {gen_tcp:recv(C, 0), once(C), inet:setopts(C, [{active, once}]), more(C), erlang:port_info(C, id) =:= undefined}.

reset(Options) ->
    {S, C} = pair(Options),
    ok = inet:setopts(S, [{linger, {true, 0}}]),
    gen_tcp:close(S),
    {gen_tcp:recv(C, 0), once(C)}.

pair(Options) ->
    {ok, L} = gen_tcp:listen(0, [{active, false}, {recbuf, 4096}]),
    {ok, Port} = inet:port(L),
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [{active, false}, {sndbuf, 4096} | Options]),
    {ok, S} = gen_tcp:accept(L),
    gen_tcp:close(L),
    {S, C}.

once(C) ->
    R = inet:setopts(C, [{active, once}]),
    {R, receive M when element(2, M) =:= C -> [element(1, M), element(tuple_size(M), M) =:= econnreset | more(C)] after 5000 -> nothing end}.
more(C) -> receive M when element(2, M) =:= C -> [element(1, M) | more(C)] after 200 -> [] end.
