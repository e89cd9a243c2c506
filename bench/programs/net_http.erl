%% A small HTTP/1.1 server under 64 connections that stay open: nanoseconds a request, and the latency that one in a
%% hundred requests exceeds.
-module(net_http).
-export([figures/0]).

figures() ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {reuseaddr, true}, {backlog, 1024}, {nodelay, true}]),
    {ok, Port} = inet:port(L),
    [spawn_link(fun() -> acceptor(L) end) || _ <- lists:seq(1, 10)],
    _ = net_load:run(http, [Port, 64, 500]),
    {Time, Requests, P99} = net_load:run(http, [Port, 64, 3000]),
    [{request, Time div Requests, "ns"}, {p99, P99 div 1000, "us"}].

acceptor(L) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> receive go -> loop(S, <<>>) end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    acceptor(L).

loop(S, Rest) ->
    ok = inet:setopts(S, [{active, once}]),
    receive
        {tcp, S, Data} -> request(S, <<Rest/binary, Data/binary>>);
        {tcp_closed, S} -> ok
    end.

request(S, Data) ->
    case erlang:decode_packet(http_bin, Data, []) of
        {ok, {http_request, Method, {abs_path, Path}, _}, Rest} -> headers(S, Method, Path, Rest, #{}, Data);
        {more, _} -> loop(S, Data)
    end.

headers(S, Method, Path, Data, Seen, All) ->
    case erlang:decode_packet(httph_bin, Data, []) of
        {ok, http_eoh, Rest} -> answer(S, Method, Path, Seen), next(S, Rest);
        {ok, {http_header, _, Name, _, Value}, Rest} -> headers(S, Method, Path, Rest, Seen#{Name => Value}, All);
        {more, _} -> loop(S, All)
    end.

next(S, <<>>) -> loop(S, <<>>);
next(S, Rest) -> request(S, Rest).

answer(S, 'GET', Path, #{'Host' := _}) ->
    [_, Query] = binary:split(Path, <<"?">>),
    [<<"name">>, Name] = binary:split(Query, <<"=">>),
    Body = [<<"hello, ">>, Name],
    Head = [<<"HTTP/1.1 200 OK\r\n">>, [[K, <<": ">>, V, <<"\r\n">>] || {K, V} <- [
        {<<"content-type">>, <<"text/plain">>}, {<<"content-length">>, integer_to_binary(iolist_size(Body))},
        {<<"cache-control">>, <<"max-age=0, private, must-revalidate">>}]]],
    ok = gen_tcp:send(S, [Head, <<"\r\n">>, Body]).
