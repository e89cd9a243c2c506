%% A random supervised workload for some minutes, and what must hold when it is over: nothing lost, nothing leaked, no
%% scheduler stuck. See README.md.
-module(soak).
-behaviour(supervisor).
-export([main/1, init/1, start_worker/1, worker/1, child/1]).

-define(WORKERS, 200).
%% Positions in the ledger.
-define(CALLS, 1).
-define(REPLIES, 2).
-define(DOWNS, 3).
-define(TIMERS, 4).
-define(FIRED, 5).
-define(CANCELLED, 6).
-define(MONITORS, 7).
-define(MONITOR_DOWNS, 8).
-define(DEMONITORED, 9).
-define(COUNTED, 10).
-define(CHILDREN, 11).
-define(CRASHES, 12).
-define(PINGS, 13).
-define(LATE, 14).
-define(LEDGER, 14).

main([Minutes, Seed]) ->
    logger:set_primary_config(level, none),
    Ms = round(list_to_float_or_integer(Minutes) * 60_000),
    persistent_term:put(soak_ledger, counters:new(?LEDGER, [])),
    persistent_term:put(soak_seed, list_to_integer(Seed)),
    persistent_term:put(soak_code, [code(1), code(2)]),
    %% What a first run leaves behind (code, tables of the engine, atoms) is not a leak.
    run(min(60_000, Ms div 5)),
    Before = at_rest(),
    io:format("before: ~0p~n", [Before]),
    run(Ms),
    After = at_rest(),
    io:format("after:  ~0p~n", [After]),
    Wrong = wrong(Before, After),
    [io:format("WRONG: ~0p~n", [W]) || W <- Wrong],
    io:format("~s~n", [case Wrong of [] -> "all well"; _ -> "not well" end]),
    halt(case Wrong of [] -> 0; _ -> 1 end).

list_to_float_or_integer(S) -> try list_to_integer(S) catch error:badarg -> list_to_float(S) end.

add(Position) -> add(Position, 1).
add(Position, N) -> counters:add(persistent_term:get(soak_ledger), Position, N).
ledger() -> [counters:get(persistent_term:get(soak_ledger), I) || I <- lists:seq(1, ?LEDGER)].

run(Ms) ->
    Tables = [ets:new(T, [T, named_table, public | O]) ||
        {T, O} <- [{set, [{write_concurrency, true}]}, {ordered_set, [{write_concurrency, auto}]}, {bag, []}, {duplicate_bag, [{read_concurrency, true}]}]],
    counted = ets:new(counted, [named_table, public, {write_concurrency, true}, {decentralized_counters, true}]),
    Pingers = [start_pinger(I) || I <- lists:seq(1, erlang:system_info(schedulers))],
    {ok, Sup} = supervisor:start_link(?MODULE, []),
    [{ok, _} = supervisor:start_child(Sup, [N]) || N <- lists:seq(1, ?WORKERS)],
    Reporter = spawn_link(fun() -> report(erlang:monotonic_time(second)) end),
    timer:sleep(Ms),
    unlink(Reporter), exit(Reporter, kill),
    %% Workers end what they are at: calls are answered, timers fire.
    [case whereis(name(N)) of undefined -> ok; P -> P ! stop end || N <- lists:seq(1, ?WORKERS)],
    wait_for(fun() -> [] =:= [P || {_, P, _, _} <- supervisor:which_children(Sup), is_pid(P)] end, 60),
    unlink(Sup), exit(Sup, shutdown),
    wait_for(fun() -> erlang:system_info(process_count) < 100 end, 60),
    [begin unlink(P), exit(P, kill) end || P <- Pingers],
    timer:sleep(1500),
    put(counted, lists:sum([V || {_, V} <- ets:tab2list(counted)])),
    [true = ets:delete(T) || T <- [counted | Tables]].

report(Start) ->
    timer:sleep(60_000),
    io:format("~b min: ~0p, ~b processes, ~b MB~n", [(erlang:monotonic_time(second) - Start) div 60, ledger(), erlang:system_info(process_count), erlang:memory(total) bsr 20]),
    report(Start).

wait_for(_, 0) -> timeout;
wait_for(F, N) -> case F() of true -> ok; false -> timer:sleep(500), wait_for(F, N - 1) end.

at_rest() ->
    [erlang:garbage_collect(P) || P <- processes()],
    timer:sleep(12_000),
    [erlang:garbage_collect(P) || P <- processes()],
    #{processes => erlang:system_info(process_count), ports => erlang:system_info(port_count), tables => length(ets:all()),
        atoms => erlang:system_info(atom_count), memory => erlang:memory(total), parts => erlang:memory([processes, system, atom, binary, code, ets]), resident => resident(),
        counted => get(counted), ledger => ledger()}.

resident() ->
    case file:read_file("/proc/self/statm") of
        {ok, B} -> [_, Pages | _] = binary:split(B, <<" ">>, [global]), binary_to_integer(Pages) * 4096;
        _ -> 0
    end.

wrong(Before, After) ->
    [Calls, Replies, Downs, Timers, Fired, Cancelled, Monitors, MonitorDowns, Demonitored, Counted, Children, Crashes, Pings, Late] = maps:get(ledger, After),
    [_, _, _, _, _, _, _, _, _, Counted0 | _] = maps:get(ledger, Before),
    Same = [{K, B, A} || K <- [processes, ports, tables], {B, A} <- [{maps:get(K, Before), maps:get(K, After)}], B =/= A],
    More = [{K, B, A} || {K, Share} <- [{memory, 5}, {resident, 20}], {B, A} <- [{maps:get(K, Before), maps:get(K, After)}], A > B + B * Share div 100],
    Lost = [{What, Sent, Got} || {What, Sent, Got} <- [
        {calls, Calls, Replies + Downs}, {timers, Timers, Fired + Cancelled}, {monitors, Monitors, MonitorDowns + Demonitored},
        {counted, Counted - Counted0, maps:get(counted, After)}], Sent =/= Got],
    Idle = [{nothing_done, X} || {_, 0} = X <- [{calls, Calls}, {timers, Fired}, {monitors, MonitorDowns}, {children, Children}, {crashes, Crashes}, {pings, Pings}]],
    Same ++ More ++ Lost ++ Idle ++ [{schedulers_late, Late} || Late > 0].

%% ---- supervision ----

init([]) ->
    {ok, {#{strategy => simple_one_for_one, intensity => 1_000_000, period => 1},
        [#{id => worker, start => {?MODULE, start_worker, []}, restart => transient, shutdown => 100}]}}.

start_worker(N) -> {ok, proc_lib:spawn_link(?MODULE, worker, [N])}.

name(N) -> list_to_existing_atom("soak_worker_" ++ integer_to_list(N)).

worker(N) ->
    _ = rand:seed(exsss, {persistent_term:get(soak_seed), N, erlang:unique_integer()}),
    process_flag(min_heap_size, lists:nth(1 + N rem 3, [233, 500, 10_000])),
    N rem 7 =:= 0 andalso process_flag(message_queue_data, off_heap),
    N rem 11 =:= 0 andalso process_flag(priority, low),
    try register(list_to_atom("soak_worker_" ++ integer_to_list(N)), self()) catch error:badarg -> ok end,
    loop(N, #{}).

loop(N, State) ->
    receive
        stop -> ok;
        Message -> loop(N, handle(Message, State))
    after 0 ->
        N rem 5 =:= 0 andalso rand:uniform(4) =:= 1 andalso erlang:garbage_collect(),
        New = act(rand:uniform(26), State),
        rand:uniform(3) =:= 1 andalso timer:sleep(rand:uniform(5)),
        loop(N, New)
    end.

handle({call, From, Ref, Term}, State) -> From ! {Ref, erlang:phash2(Term)}, State;
handle({fired, _}, State) -> add(?FIRED), State;
handle(_, State) -> State.

peer() -> whereis(list_to_atom("soak_worker_" ++ integer_to_list(rand:uniform(?WORKERS)))).

act(N, State) when N =< 6 -> call(), State;
act(N, State) when N =< 8 -> timers(), State;
act(N, State) when N =< 10 -> children(), State;
act(N, State) when N =< 14 -> tables(), State;
act(15, State) -> State#{rand:uniform(100) => big(2000)};
act(16, _) -> #{};
act(17, State) -> _ = lists:sort([rand:uniform(1000) || _ <- lists:seq(1, 3000)]), State;
act(18, State) -> _ = binary_to_term(term_to_binary(State)), State;
act(19, State) -> State#{bin => append(<<>>, 300)};
act(20, State) -> reload(), State;
act(21, State) -> cascade(rand:uniform(30)), State;
act(22, State) -> _ = [self() ! {note, big(20)} || _ <- lists:seq(1, rand:uniform(100))], State;
act(23, State) -> _ = re:replace(list_to_binary(lists:duplicate(300, "abc ")), "(a)(b)", "\\2\\1", [global]), State;
act(24, State) ->
    case rand:uniform(20) of
        1 -> persistent_term:put({soak, rand:uniform(5)}, big(50));
        2 -> _ = os:cmd("true");
        3 -> persistent_term:erase({soak, rand:uniform(5)});
        _ -> ok
    end,
    State;
act(25, State) ->
    case {rand:uniform(30), peer()} of
        {1, Peer} when is_pid(Peer), Peer =/= self() -> add(?CRASHES), exit(Peer, kill);
        _ -> ok
    end,
    State;
act(26, State) ->
    rand:uniform(60) =:= 1 andalso begin add(?CRASHES), error({soak, big(100)}) end,
    State.

big(N) -> [{I, float(I), <<I:64, 0:200>>, [I | tail]} || I <- lists:seq(1, rand:uniform(N))].

append(B, 0) -> B;
append(B, N) -> append(<<B/binary, N:32, "some more">>, N - 1).

%% Every call comes to an answer or to the news that there is nobody. It is made by a process of its own, which nobody
%% kills, so that the ledger is right whoever dies.
call() ->
    case peer() of
        Peer when is_pid(Peer) ->
            spawn(fun() ->
                add(?CALLS),
                Ref = monitor(process, Peer, [{alias, reply_demonitor}]),
                Peer ! {call, Ref, Ref, big(rand:uniform(200))},
                receive
                    {Ref, Hash} when is_integer(Hash) -> add(?REPLIES);
                    {'DOWN', Ref, process, _, _} -> add(?DOWNS)
                after 600_000 -> lost % a worker of low priority may have to wait for long
                end
            end);
        _ -> ok
    end.

timers() ->
    spawn(fun() ->
        Rs = [begin add(?TIMERS), erlang:start_timer(rand:uniform(300), self(), N) end || N <- lists:seq(1, 10)],
        timer:sleep(rand:uniform(200)),
        Cancelled = [R || R <- Rs, rand:uniform(2) =:= 1, erlang:cancel_timer(R) =/= false],
        add(?CANCELLED, length(Cancelled)),
        fired(10 - length(Cancelled))
    end).
fired(0) -> ok;
fired(N) -> receive {timeout, _, _} -> add(?FIRED), fired(N - 1) after 30_000 -> lost end.

children() ->
    spawn(fun() ->
        process_flag(trap_exit, true),
        Ms = [begin
            add(?CHILDREN), add(?MONITORS),
            {P, R} = spawn_opt(?MODULE, child, [N], [monitor | [link || N rem 2 =:= 0]]),
            {P, R}
        end || N <- lists:seq(1, rand:uniform(8))],
        %% False: its end was told already, and that message is gone now.
        Taken = [case demonitor(R, [flush, info]) of true -> add(?DEMONITORED), exit(P, kill); false -> add(?MONITOR_DOWNS) end ||
            {P, R} <- Ms, rand:uniform(4) =:= 1],
        downs(length(Ms) - length(Taken))
    end).
downs(0) -> ok;
downs(N) -> receive {'DOWN', _, _, _, _} -> add(?MONITOR_DOWNS), downs(N - 1); {'EXIT', _, _} -> downs(N) after 30_000 -> lost end.

child(N) ->
    case rand:uniform(4) of
        1 -> error({child, big(N * 10)});
        2 -> exit(normal);
        3 -> throw(N);
        4 -> timer:sleep(rand:uniform(50))
    end.

tables() ->
    T = lists:nth(rand:uniform(4), [set, ordered_set, bag, duplicate_bag]),
    K = rand:uniform(500),
    case rand:uniform(9) of
        1 -> ets:delete(T, K);
        2 -> ets:select(T, [{{'$1', '$2', '_'}, [{'<', '$1', K}], ['$2']}], 20);
        3 -> ets:match_object(T, {K, '_', '_'});
        4 -> ets:select_delete(T, [{{'$1', '_', '_'}, [{'=:=', {'rem', '$1', 50}, K rem 50}], [true]}]);
        5 -> ets:foldl(fun(_, A) -> A + 1 end, 0, T);
        6 -> ets:safe_fixtable(T, true), _ = ets:next(T, ets:first(T)), ets:safe_fixtable(T, false);
        7 -> ets:insert(T, [{K + I, rand:uniform(), big(3)} || I <- lists:seq(1, 5)]);
        8 -> spawn(fun() -> ets:update_counter(counted, K rem 20, 1, {K rem 20, 0}), add(?COUNTED) end);
        9 -> ets:lookup(T, K)
    end.

%% A chain of linked processes that all end when the last one does.
cascade(Depth) -> spawn(fun() -> chain(Depth) end).
chain(0) -> timer:sleep(rand:uniform(20)), exit(over);
chain(N) -> spawn_link(fun() -> chain(N - 1) end), receive never -> ok end.

%% Two versions of a module take turns, by a process that nobody kills; who runs the one before the last would be lost,
%% so purge softly.
reload() ->
    Code = lists:nth(rand:uniform(2), persistent_term:get(soak_code)),
    spawn(fun() ->
        case ets:insert_new(counted, {lock, 0}) of
            true ->
                _ = code:soft_purge(soak_code) andalso code:load_binary(soak_code, "soak_code.beam", Code),
                ets:delete(counted, lock);
            false -> ok
        end
    end),
    try soak_code:version() of V when V =:= 1; V =:= 2 -> ok catch error:undef -> ok end.

code(V) ->
    Forms = [{attribute, 1, module, soak_code}, {attribute, 1, export, [{version, 0}]},
        {function, 1, version, 0, [{clause, 1, [], [], [{integer, 1, V}]}]}],
    {ok, soak_code, Code} = compile:forms(Forms),
    Code.

%% One on each scheduler: late by seconds, and the scheduler is stuck.
start_pinger(Scheduler) ->
    spawn_opt(fun() -> ping(erlang:monotonic_time(millisecond)) end, [link, {scheduler, Scheduler}, {priority, high}]).
ping(Last) ->
    timer:sleep(100),
    Now = erlang:monotonic_time(millisecond),
    add(?PINGS),
    Now - Last > 5000 andalso add(?LATE),
    ping(Now).
