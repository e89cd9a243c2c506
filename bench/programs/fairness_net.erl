%% Connections that break, on both backends: resets, refusals, garbage into packets, readers that do not read, lookups of names.
-module(fairness_net).
-export([figures/0]).

figures() ->
    fairness:with([fun() -> connection(B, F) end || B <- [inet, socket], F <- [fun reset/2, fun garbage/2, fun slow/2]]
                  ++ [fun refused/0, fun() -> {ok, _} = net:getaddrinfo("localhost") end]).

connection(B, F) ->
    Backend = case B of inet -> []; socket -> [{inet_backend, socket}] end,
    {ok, L} = gen_tcp:listen(0, Backend ++ [binary, {ip, {127, 0, 0, 1}}, {active, false}, {sndbuf, 8192}, {send_timeout, 20}]),
    {ok, Port} = inet:port(L),
    {ok, C} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}, {recbuf, 8192}]),
    {ok, S} = gen_tcp:accept(L),
    F(S, C),
    [gen_tcp:close(X) || X <- [S, C, L]].

reset(S, C) ->
    ok = gen_tcp:send(C, <<"unread">>),
    inet:setopts(C, [{linger, {true, 0}}]),
    gen_tcp:close(C),
    gen_tcp:recv(S, 0).

garbage(S, C) ->
    inet:setopts(S, [{packet, http_bin}, {active, true}]),
    gen_tcp:send(C, binary:copy(<<"no header\r\n:\r\n">>, 500)),
    gen_tcp:close(C),
    receive {tcp_closed, S} -> ok; {tcp_error, S, _} -> ok after 1000 -> ok end,
    flush().

flush() -> receive _ -> flush() after 0 -> ok end.

slow(S, _) -> gen_tcp:send(S, binary:copy(<<"x">>, 1000000)), gen_tcp:send(S, <<"more">>).

refused() -> {error, _} = gen_tcp:connect({127, 0, 0, 1}, 1, []).
