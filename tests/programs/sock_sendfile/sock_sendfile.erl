%% socket:sendfile: whole files and parts, one larger than the socket's buffers, without waiting, and what cannot be sent.
-module(sock_sendfile).
-export([main/0]).

main() ->
    Name = filename:join("/tmp", "sock_sendfile_" ++ os:getpid()),
    Data = binary:copy(<< <<(N * 7)>> || N <- lists:seq(1, 30011) >>, 1000),
    ok = file:write_file(Name, Data),
    try run(Name, Data) after file:delete(Name) end.

run(Name, Data) ->
    {ok, L} = socket:open(inet, stream),
    ok = socket:bind(L, #{family => inet, addr => loopback, port => 0}),
    ok = socket:listen(L),
    {ok, Address} = socket:sockname(L),
    {ok, C} = socket:open(inet, stream),
    ok = socket:connect(C, Address),
    {ok, S} = socket:accept(L),
    {ok, F} = file:open(Name, [read, raw, binary]),
    io:format("~p~n", [socket:sendfile(S, F, 10, 1000)]),
    {ok, Part} = socket:recv(C, 1000),
    io:format("~p~n", [Part =:= binary:part(Data, 10, 1000)]),
    Me = self(),
    spawn_link(fun() -> {ok, All} = socket:recv(C, byte_size(Data)), Me ! {all, All} end),
    io:format("~p~n", [socket:sendfile(S, F)]),
    receive {all, All} -> io:format("~p~n", [All =:= Data]) end,
    io:format("at the end: ~p~n", [socket:sendfile(S, F, byte_size(Data), 0)]),
    %% Nobody reads: it has to be taken up again.
    {select, {Info, Sent}} = socket:sendfile(S, F, 0, 0, nowait),
    io:format("some: ~p~n", [Sent > 0 andalso Sent < byte_size(Data)]),
    spawn_link(fun() -> {ok, Rest} = socket:recv(C, byte_size(Data)), Me ! {all, Rest} end),
    ok = continue(S, Info, Sent, byte_size(Data)),
    receive {all, Again} -> io:format("~p~n", [Again =:= Data]) end,
    #{counters := #{sendfile_byte := Bytes, sendfile_fails := 0}} = socket:info(S),
    io:format("~p~n", [Bytes]),
    ok = file:close(F),
    io:format("closed file: ~p~n", [catch socket:sendfile(S, F)]),
    ok = socket:close(S),
    {ok, F2} = file:open(Name, [read, raw, binary]),
    io:format("closed socket: ~p~n", [socket:sendfile(S, F2)]),
    file:close(F2),
    io:format("supported: ~p~n", [socket:is_supported(sendfile)]),
    [socket:close(X) || X <- [C, L]].

continue(_, _, Size, Size) -> ok;
continue(S, {select_info, _, Handle} = Info, Sent, Size) ->
    receive {'$socket', S, select, Handle} -> ok end,
    case socket:sendfile(S, Info, Sent, Size - Sent, nowait) of
        {ok, N} -> continue(S, Info, Sent + N, Size);
        {select, {Next, N}} -> continue(S, Next, Sent + N, Size)
    end.
