%% The tools that work by tracing: dbg, sys, cprof, eprof, fprof, tprof.
-module(trace_tools).
-export([main/0, fib/1, build/1, init/1, handle_call/3, handle_cast/2]).
-behaviour(gen_server).

main() ->
    dbg(), sys(), cprof(),
    %% These two print times.
    Leader = group_leader(),
    group_leader(spawn_link(fun silent/0), self()),
    Results = [eprof(), fprof()],
    group_leader(Leader, self()),
    io:format("~p~n", [Results]),
    tprof().

silent() ->
    receive {io_request, From, Ref, _} -> From ! {io_reply, Ref, ok}; _ -> ok end,
    silent().

dbg() ->
    Self = self(),
    {ok, _} = dbg:tracer(process, {fun(M, N) -> Self ! {dbg, N, M}, N + 1 end, 1}),
    {ok, [{matched, _, 1}]} = dbg:p(Self, [c]),
    {ok, [{matched, _, 1}, {saved, x}]} = dbg:tpl(?MODULE, fib, 1, x),
    fib(2),
    receive after 100 -> ok end,
    [io:format("~p ~p~n", [N, setelement(2, M, pid)]) || {dbg, N, M} <- all()],
    dbg:stop(),
    {flags, []} = erlang:trace_info(Self, flags).

sys() ->
    {ok, P} = gen_server:start_link(?MODULE, [], []),
    Self = self(),
    F = fun(S, E, _) -> Self ! {event, E}, S end,
    ok = sys:install(P, {F, state}),
    ok = sys:statistics(P, true),
    {ok, []} = sys:log(P, {true, 10}) == ok andalso {ok, []},
    4 = gen_server:call(P, {double, 2}),
    gen_server:cast(P, nothing),
    4 = gen_server:call(P, {double, 2}),
    [io:format("~p~n", [shape(E)]) || {event, E} <- all()],
    {ok, Statistics} = sys:statistics(P, get),
    io:format("~p~n", [[S || {K, _} = S <- Statistics, lists:member(K, [messages_in, messages_out])]]),
    {ok, Log} = sys:log(P, get),
    io:format("~p~n", [length(Log)]),
    gen_server:stop(P).

shape({in, {'$gen_call', _, M}}) -> {in, call, M};
shape({out, R, _, S}) -> {out, R, S};
shape(E) -> E.

cprof() ->
    N = cprof:start(?MODULE),
    true = N > 5,
    fib(5),
    cprof:pause(),
    {?MODULE, All, Calls} = cprof:analyse(?MODULE),
    io:format("~p ~p~n", [All, [C || {{_, fib, _}, _} = C <- Calls]]),
    cprof:stop().

eprof() ->
    {ok, _} = eprof:start(),
    {ok, 8} = eprof:profile([], fun() -> fib(6) end),
    ok = eprof:log("eprof.log"),
    eprof:analyze(total),
    stopped = eprof:stop(),
    {ok, B} = file:read_file("eprof.log"),
    file:delete("eprof.log"),
    re:run(B, "trace_tools:fib/1 +([0-9]+)", [{capture, [1], list}]).

fprof() ->
    %% Long enough that the process which reads the trace does not end before somebody links to it.
    610 = fprof:apply(?MODULE, fib, [15], [{file, "fprof.trace"}]),
    ok = fprof:profile([{file, "fprof.trace"}]),
    ok = fprof:analyse([{dest, "fprof.txt"}]),
    fprof:stop(),
    {ok, B} = file:read_file("fprof.txt"),
    [file:delete(F) || F <- ["fprof.trace", "fprof.txt"]],
    re:run(B, "{ {trace_tools,fib,1}, +([0-9]+),", [{capture, [1], list}]).

tprof() ->
    {8, {call_count, P}} = tprof:profile(?MODULE, fib, [6], #{type => call_count, report => return}),
    io:format("~p~n", [[{F, [C || {_, C, _} <- L]} || {?MODULE, fib, 1 = F, L} <- P]]),
    {_, {call_memory, M}} = tprof:profile(?MODULE, build, [10], #{type => call_memory, report => return}),
    io:format("~w~n", [[{F, A, [C || {_, C, _} <- L]} || {?MODULE, F, A, L} <- M]]).

all() -> receive M -> [M | all()] after 0 -> [] end.

build(0) -> [];
build(N) -> [N | build(N - 1)].

fib(0) -> 0;
fib(1) -> 1;
fib(N) -> fib(N - 1) + fib(N - 2).

init(_) -> {ok, 0}.
handle_call({double, N}, _, S) -> {reply, 2 * N, S + 1}.
handle_cast(_, S) -> {noreply, S}.
