%% The load for the programs net_*: a node of the reference engine that the program under test starts, so that both
%% engines answer the same client. net_load:main/0 runs what its plain arguments say and prints a term.
-module(net_load).
-export([run/2, main/0]).

%% Starts a client and waits for what it prints: run(accept, [Port, 5000]).
run(Kind, Arguments) ->
    [Command | First] = string:lexemes(os:getenv("BENCH_LOAD_ERL", "erl"), " "),
    Program = case filename:pathtype(Command) of
        absolute -> Command;
        _ -> os:find_executable(Command)
    end,
    Here = filename:dirname(code:which(?MODULE)),
    Arguments1 = First ++ ["+P", "262144", "+Q", "262144", "-noshell", "-pa", Here, "-s", ?MODULE_STRING, "main", "-extra", atom_to_list(Kind)
                           | [integer_to_list(A) || A <- Arguments]],
    Port = open_port({spawn_executable, Program}, [{args, Arguments1}, binary, exit_status, stderr_to_stdout]),
    Output = collect(Port, <<>>),
    try
        {ok, Tokens, _} = erl_scan:string(binary_to_list(Output)),
        {ok, Result} = erl_parse:parse_term(Tokens),
        Result
    catch
        _:_ -> exit({load, Kind, Output})
    end.

collect(Port, Seen) ->
    receive
        {Port, {data, Data}} -> collect(Port, <<Seen/binary, Data/binary>>);
        {Port, {exit_status, _}} -> Seen
    end.

main() ->
    [Kind | Arguments] = init:get_plain_arguments(),
    Result = do(list_to_atom(Kind), [list_to_integer(A) || A <- Arguments]),
    io:format("~w.~n", [Result]),
    halt().

%% Requests over connections that stay: {Nanoseconds, Requests, 99th percentile of latency in nanoseconds}.
do(http, [Port, Connections, Ms]) ->
    timer_(Connections, Ms, fun() -> connect(Port, 1) end, fun(S) ->
        ok = gen_tcp:send(S, <<"GET /hello?name=world HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n">>),
        answer(S, <<>>)
    end);
%% Bytes there and back.
do(echo, [Port, Connections, Ms, Size]) ->
    Data = binary:copy(<<"0123456789abcdef">>, Size div 16),
    timer_(Connections, Ms, fun() -> connect(Port, 1) end, fun(S) ->
        ok = gen_tcp:send(S, Data),
        {ok, Data} = gen_tcp:recv(S, byte_size(Data))
    end);
%% Connections as fast as they come, at most 64 at a time: {Nanoseconds, Made, Refused}.
do(accept, [Port, Count]) ->
    Me = self(),
    T0 = erlang:monotonic_time(nanosecond),
    Workers = [spawn_link(fun() -> Me ! {self(), connecting(Port, Count div 64, 0)} end) || _ <- lists:seq(1, 64)],
    Refused = lists:sum([receive {W, N} -> N end || W <- Workers]),
    {erlang:monotonic_time(nanosecond) - T0, Count div 64 * 64, Refused};
%% Connections that do nothing until the other side closes them.
do(idle, [Port, Count]) ->
    Sockets = [connect(Port, 1 + N rem 8) || N <- lists:seq(1, Count)],
    {error, closed} = gen_tcp:recv(hd(Sockets), 0),
    length(Sockets).

connecting(_, 0, Refused) -> Refused;
connecting(Port, N, Refused) ->
    case gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}], 5000) of
        {ok, S} ->
            Ok = gen_tcp:recv(S, 2, 5000),
            gen_tcp:close(S),
            connecting(Port, N - 1, case Ok of {ok, <<"ok">>} -> Refused; _ -> Refused + 1 end);
        {error, _} -> connecting(Port, N - 1, Refused + 1)
    end.

connect(Port, N) ->
    {ok, S} = gen_tcp:connect({127, 0, 0, N}, Port, [binary, {active, false}, {nodelay, true}]),
    S.

%% The answer has no body behind the empty line but the one that it says the length of, which is 12.
answer(S, Seen) ->
    {ok, Data} = gen_tcp:recv(S, 0),
    case <<Seen/binary, Data/binary>> of
        All when byte_size(All) > 12 ->
            case binary:match(All, <<"\r\n\r\n">>) of
                {At, 4} when byte_size(All) =:= At + 16 -> ok;
                _ -> answer(S, All)
            end;
        All -> answer(S, All)
    end.

timer_(Connections, Ms, Connect, Once) ->
    Me = self(),
    Workers = [spawn_link(fun() -> S = Connect(), receive go -> ok end, Me ! {self(), repeat(S, Once)} end)
               || _ <- lists:seq(1, Connections)],
    timer:sleep(200),
    T0 = erlang:monotonic_time(nanosecond),
    [W ! go || W <- Workers],
    timer:sleep(Ms),
    [W ! stop || W <- Workers],
    Times = lists:append([receive {W, Ts} -> Ts end || W <- Workers]),
    T1 = erlang:monotonic_time(nanosecond),
    N = length(Times),
    {T1 - T0, N, lists:nth(max(1, N * 99 div 100), lists:sort(Times))}.

repeat(S, Once) ->
    T0 = erlang:monotonic_time(nanosecond),
    Once(S),
    T = erlang:monotonic_time(nanosecond) - T0,
    receive stop -> [T] after 0 -> [T | repeat(S, Once)] end.
