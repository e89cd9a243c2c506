%% Unix domain sockets through gen_tcp, gen_udp and the module socket: paths, abstract names, sockets without a name,
%% all kinds of receiving, names that are taken or too long.
-module(sock_local).
-export([main/0]).

main() ->
    Dir = filename:join("/tmp", "sock_local_" ++ os:getpid()),
    ok = file:make_dir(Dir),
    put(dir, Dir),
    try
        [begin io:format("-- ~p~n", [Backend]), streams(Backend), datagrams(Backend) end || Backend <- [inet, socket]],
        options(),
        sockets()
    after
        ok = file:del_dir_r(Dir)
    end.

path(Name) -> filename:join(get(dir), Name).

%% A name without the directory, which differs from run to run.
short({local, <<0, _/binary>> = Name}) -> {abstract, byte_size(Name) > 1};
short({local, Path}) -> {local, filename:basename(Path)};
short({ok, Address}) -> {ok, short(Address)};
short(Other) -> Other.

streams(B) ->
    Path = path("stream"),
    o = one(gen_tcp:connect({local, Path}, 0, opts(B, [local]))),
    {ok, L} = gen_tcp:listen(0, opts(B, [{ifaddr, {local, Path}}, binary, {active, false}])),
    io:format("port ~p, name ~p~n", [element(1, inet:port(L)), short(inet:sockname(L))]),
    io:format("taken: ~p~n", [gen_tcp:listen(0, opts(B, [{ip, {local, Path}}]))]),
    {ok, C} = gen_tcp:connect({local, Path}, 0, opts(B, [local, binary, {active, false}, {packet, 2}])),
    {ok, S} = gen_tcp:accept(L),
    io:format("client ~p to ~p~n", [short(inet:sockname(C)), short(inet:peername(C))]),
    io:format("server ~p to ~p~n", [short(inet:sockname(S)), short(inet:peername(S))]),
    ok = inet:setopts(S, [{packet, 2}]),
    ok = gen_tcp:send(C, <<"question">>),
    {ok, <<"question">>} = gen_tcp:recv(S, 0),
    ok = inet:setopts(C, [{active, once}]),
    ok = gen_tcp:send(S, "answer"),
    receive {tcp, C, Data} -> io:format("~p~n", [Data]) end,
    io:format("options ~p~n", [inet:getopts(C, [active, packet, mode])]),
    ok = gen_tcp:close(S),
    io:format("after close ~p~n", [gen_tcp:recv(C, 0)]),
    gen_tcp:close(C), gen_tcp:close(L),
    io:format("the file stays: ~p~n", [filelib:is_file(Path) orelse element(1, file:read_link_info(Path))]),
    file:delete(Path),
    Abstract = <<0, "corten ", (list_to_binary(os:getpid()))/binary, (atom_to_binary(B))/binary>>,
    {ok, A} = gen_tcp:listen(0, opts(B, [{ifaddr, {local, Abstract}}, {active, false}])),
    {ok, {local, Abstract}} = inet:sockname(A),
    {ok, AC} = gen_tcp:connect({local, Abstract}, 0, opts(B, [{active, false}])),
    {ok, AS} = gen_tcp:accept(A),
    ok = gen_tcp:send(AS, "abstract"),
    io:format("~p~n", [gen_tcp:recv(AC, 0)]),
    [gen_tcp:close(X) || X <- [A, AC, AS]].

%% Options of TCP do not matter to other sockets.
options() ->
    {ok, L} = gen_tcp:listen(0, [{ifaddr, {local, path("options")}}, {nodelay, true}, {keepalive, true}, {reuseport_lb, true},
                                 {exclusiveaddruse, true}]),
    io:format("~p~n", [inet:getopts(L, [nodelay, keepalive, reuseport, reuseport_lb])]),
    gen_tcp:close(L).

one({error, enoent}) -> o;
one(Other) -> Other.

datagrams(B) ->
    {PathA, PathB} = {path("a"), path("b")},
    {ok, A} = gen_udp:open(0, opts(B, [{ifaddr, {local, PathA}}, binary, {active, false}])),
    {ok, U} = gen_udp:open(0, opts(B, [{ifaddr, {local, PathB}}, binary, {active, true}])),
    ok = gen_udp:send(A, {local, PathB}, 0, <<"to b">>),
    receive {udp, U, From, P, Data} -> io:format("~p ~p ~p~n", [short(From), P, Data]) end,
    ok = gen_udp:send(U, {local, PathA}, 0, <<"to a">>),
    {ok, {From2, P2, Data2}} = gen_udp:recv(A, 0),
    io:format("~p ~p ~p~n", [short(From2), P2, Data2]),
    {ok, N} = gen_udp:open(0, opts(B, [local])),
    ok = gen_udp:send(N, {local, PathB}, 0, <<"nameless">>),
    receive {udp, U, From3, P3, Data3} -> io:format("~p ~p ~p~n", [From3, P3, Data3]) end,
    ok = gen_udp:send(N, {local, PathA}, 0, <<"nameless">>),
    io:format("~p~n", [gen_udp:recv(A, 0)]),
    io:format("~p~n", [gen_udp:send(A, {local, path("nobody")}, 0, <<"x">>)]),
    [gen_udp:close(X) || X <- [A, U, N]],
    [file:delete(F) || F <- [PathA, PathB]].

opts(inet, Options) -> Options;
opts(socket, Options) -> [{inet_backend, socket} | Options].

sockets() ->
    io:format("-- sockets~n"),
    {ok, L} = socket:open(local, stream),
    ok = socket:bind(L, #{family => local, path => path("plain")}),
    ok = socket:listen(L),
    {ok, #{family := local, path := Path}} = socket:sockname(L),
    io:format("~p~n", [filename:basename(Path)]),
    {ok, C} = socket:open(local, stream),
    io:format("~p~n", [socket:sockname(C)]),
    ok = socket:connect(C, #{family => local, path => path("plain")}),
    {ok, S} = socket:accept(L),
    io:format("~p~n", [socket:peername(S)]),
    ok = socket:send(C, <<"plain">>),
    io:format("~p~n", [socket:recv(S)]),
    [socket:close(X) || X <- [L, C, S]].
