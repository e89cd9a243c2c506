%% Literals of purged code and replaced persistent terms, held in every place that a process has. Between the purge and
%% the look at them, other literals are made, so that freed memory is overwritten.
-module(code_literals).
-include("t.hrl").

main() ->
    logger:set_primary_config(level, none),
    ?P(places(fun from_code/1)),
    ?P(places(fun from_persistent_term/1)),
    ?P(elsewhere()),
    ?P(sharing()),
    ?P(pending_lambda()),
    ?P(ending()),
    ok.

%% Value(N) makes a source of literals: {Get, Remove}.
places(Source) ->
    {Get, Remove} = Source(1),
    Holders = [{Place, holder(Place, Get)} || Place <- [heap, old_heap, register, dictionary, received, unread,
                                                        skipped, hibernated, environment, sub_binary, tails, reason,
                                                        suspended, key, map, stack]],
    Remove(),
    overwrite(),
    Expected = value(1),
    [{Place, Show(Expected)} || {Place, Show} <- Holders].

value(N) ->
    {literal, "a string", <<"a binary of more than sixty-four bytes, so that it lies outside of the heap", N>>,
     <<"short", N>>, [{N, lists:seq(N, N + 20)}], 1.5, 1 bsl 100 + N,
     maps:from_list([{I, {I, N}} || I <- lists:seq(1, 50)]), #{n => [N]}}.

from_code(N) ->
    Source = io_lib:format("-module(lit). -export([get/0]). get() -> ~w.", [value(N)]),
    load(lit, comp(lists:flatten(Source))),
    {fun() -> lit:get() end, fun() -> true = code:delete(lit), code:purge(lit) end}.

from_persistent_term(N) ->
    persistent_term:put({?MODULE, lit}, value(N)),
    {fun() -> persistent_term:get({?MODULE, lit}) end, fun() -> true = persistent_term:erase({?MODULE, lit}) end}.

overwrite() ->
    %% The collector of areas is idle when it has answered for all there were.
    [begin from_code(I), code:delete(lit), code:purge(lit) end || I <- lists:seq(100, 110)],
    [persistent_term:put({?MODULE, fill}, lists:duplicate(I * 10, I)) || I <- lists:seq(1, 50)],
    idle(),
    [persistent_term:put({?MODULE, {fill, I}}, lists:duplicate(500, I)) || I <- lists:seq(1, 20)],
    [persistent_term:erase({?MODULE, {fill, I}}) || I <- lists:seq(1, 20)],
    idle().

idle() ->
    [Pid] = [P || P <- processes(), {initial_call, {erts_literal_area_collector, start, 0}} <- [process_info(P, initial_call)]],
    Ref = make_ref(),
    Pid ! {get_status, Ref, self()},
    receive {Ref, idle} -> ok; {Ref, working} -> timer:sleep(1), idle() end.

holder(Place, Get) ->
    S = self(),
    {P, M} = spawn_monitor(fun() -> hold(Place, Get, S) end),
    receive {P, ready} -> ok end,
    case Place of
        received -> P ! {go1, Get()}, receive {P, ready} -> ok end;
        unread -> P ! {unread, Get()};
        skipped -> P ! {skipped, Get()}, P ! {other, Get()}, receive {P, ready} -> ok end;
        suspended -> erlang:suspend_process(P);
        _ -> ok
    end,
    fun(Expected) ->
            [erlang:resume_process(P) || Place =:= suspended],
            P ! {show, S, Expected},
            receive
                {P, Result} -> erlang:demonitor(M, [flush]), Result;
                {'DOWN', M, _, _, Reason} -> Reason =:= {shutdown, expected(Place, Expected)}
            end
    end.

ready(S) -> S ! {self(), ready}.

hold(heap, Get, S) -> L = Get(), wait(fun() -> L end, S, [L]);
hold(old_heap, Get, S) ->
    L = {Get(), make_ref()}, garbage_collect(), garbage_collect(self(), [{type, minor}]),
    wait(fun() -> element(1, L) end, S, L);
hold(register, Get, S) -> register_loop(Get(), S);
hold(dictionary, Get, S) -> put(x, Get()), wait(fun() -> get(x) end, S, []);
hold(received, _, S) ->
    ready(S), receive {go1, L} -> wait(fun() -> L end, S, []) end;
hold(unread, _, S) ->
    ready(S), receive {show, S, E} -> receive {unread, L} -> S ! {self(), L =:= E} end end;
hold(skipped, _, S) ->
    ready(S),
    receive {other, O} -> ready(S), receive {show, S, E} -> receive {skipped, L} -> S ! {self(), {L, O} =:= {E, E}} end end end;
hold(hibernated, Get, S) -> ready(S), erlang:hibernate(erlang, apply, [fun woken/2, [Get(), S]]);
hold(environment, Get, S) -> L = Get(), F = fun() -> L end, garbage_collect(), wait(F, S, []);
hold(sub_binary, Get, S) ->
    <<_:3, B/bits>> = element(3, Get()), <<C:3/binary, _/binary>> = element(4, Get()),
    ready(S),
    receive {show, S, E} -> <<_:3, X/bits>> = element(3, E), <<Y:3/binary, _/binary>> = element(4, E), S ! {self(), {B, C} =:= {X, Y}} end;
hold(tails, Get, S) ->
    Tails = tails(element(2, hd(element(5, Get())))),
    ready(S),
    receive {show, S, E} -> S ! {self(), Tails =:= tails(element(2, hd(element(5, E))))} end;
hold(reason, Get, S) -> L = Get(), ready(S), receive {show, S, _} -> exit({shutdown, L}) end;
hold(suspended, Get, S) -> L = Get(), wait(fun() -> L end, S, []);
hold(key, Get, S) -> put(Get(), there), wait(fun() -> [{K, there}] = get(), K end, S, []);
hold(map, Get, S) -> M = maps:from_list([{I, Get()} || I <- lists:seq(1, 100)]), wait(fun() -> map_get(77, M) end, S, []);
hold(stack, Get, S) -> deep(200, Get(), S).

expected(reason, E) -> E;
expected(_, _) -> none.

wait(F, S, Keep) ->
    ready(S),
    receive {show, S, E} -> S ! {self(), F() =:= E} end,
    Keep.

register_loop(L, S) ->
    ready(S),
    receive {show, S, E} -> S ! {self(), L =:= E} end.

woken(L, S) -> receive {show, S, E} -> S ! {self(), L =:= E} end.

deep(0, L, S) -> wait(fun() -> L end, S, []), 0;
deep(N, L, S) -> element(1, {deep(N - 1, L, S), L}).

tails([]) -> [];
tails([_ | T] = L) -> [L | tails(T)].

%% What is kept outside of processes.
elsewhere() ->
    {Get, Remove} = from_code(2),
    E = value(2),
    T = ets:new(t, [set]),
    ets:insert(T, {k, Get()}),
    O = ets:new(t, [ordered_set]),
    ets:insert(O, {Get(), v}),
    Spec = ets:match_spec_compile([{{'$1'}, [{'=:=', '$1', {const, Get()}}], [{{found, {const, Get()}}}]}]),
    persistent_term:put({?MODULE, keep}, {inside, Get()}),
    Ref = erlang:start_timer(300, self(), Get()),
    erlang:send_after(300, self(), {later, Get()}),
    Port = open_port({spawn, "cat"}, []),
    erlang:port_set_data(Port, Get()),
    {Parent, M} = spawn_opt(fun() -> receive go -> ok end end, [{monitor, [{tag, Get()}]}]),
    Remove(),
    overwrite(),
    R = [ets:lookup(T, k) =:= [{k, E}],
         ets:first(O) =:= E,
         ets:match_spec_run([{E}, {x}], Spec) =:= [{found, E}],
         persistent_term:get({?MODULE, keep}) =:= {inside, E},
         receive {timeout, Ref, L} -> L =:= E end,
         receive {later, L2} -> L2 =:= E end,
         erlang:port_get_data(Port) =:= E,
         begin Parent ! go, receive {Tag, M, process, Parent, normal} -> Tag =:= E end end],
    port_close(Port),
    R.

%% A literal that many processes share is copied once by each, with what it shares inside.
sharing() ->
    Big = lists:seq(1, 20000),
    persistent_term:put({?MODULE, big}, Big),
    S = self(),
    Ps = [spawn_link(fun() ->
                             A = persistent_term:get({?MODULE, big}), B = [A, A, tl(A), A],
                             S ! {self(), ready},
                             receive go -> garbage_collect(), {_, W} = process_info(self(), total_heap_size), S ! {self(), {B =:= [Big, Big, tl(Big), Big], W < 150000}} end
                     end) || _ <- lists:seq(1, 20)],
    [receive {P, ready} -> ok end || P <- Ps],
    persistent_term:put({?MODULE, big}, small),
    overwrite(),
    lists:usort([begin P ! go, receive {P, X} -> X end end || P <- Ps]).

%% Whoever calls a fun of code that is being purged waits until that is over.
pending_lambda() ->
    load(lam, comp("-module(lam). -export([make/1, hang/1]). make(X) -> fun(Y) -> {X, Y} end. hang(S) -> S ! in, receive go -> ok end.")),
    F = lam:make(a),
    S = self(),
    load(lam, comp("-module(lam). -export([new/0]). new() -> ok.")),
    P = spawn(fun() -> receive call -> ok end, S ! {self(), catch F(b)} end),
    erts_code_purger ! {test_purge, lam, S, false, R1 = make_ref()},
    receive {started, R1} -> ok end,
    P ! call,
    Waits = wait_for(fun() -> process_info(P, current_function) =:= {current_function, {erts_code_purger, pending_purge_lambda, 3}} end),
    Status = process_info(P, status),
    erts_code_purger ! {continue, R1},
    receive {continued, R1} -> ok end,
    erts_code_purger ! {complete, R1},
    Purged = receive {test_purge, X, R1} -> X end,
    Answer = receive {P, {'EXIT', {{badfun, F}, _}}} -> badfun; {P, Other} -> Other end,
    {Waits, Status, Purged, Answer}.

wait_for(F) -> wait_for(F, 1000).
wait_for(_, 0) -> false;
wait_for(F, N) -> F() orelse begin timer:sleep(2), wait_for(F, N - 1) end.

%% Processes that end while their literals go.
ending() ->
    process_flag(trap_exit, true),
    R = [begin
             persistent_term:put({?MODULE, x}, value(I)),
             Ps = [spawn_link(fun() -> L = persistent_term:get({?MODULE, x}), receive go -> exit({shutdown, L}) end end) || _ <- lists:seq(1, 20)],
             erlang:yield(),
             [P ! go || P <- Ps],
             persistent_term:erase({?MODULE, x}),
             persistent_term:put({?MODULE, y}, lists:duplicate(300, I)),
             E = value(I),
             lists:all(fun(P) -> receive {'EXIT', P, {shutdown, L}} -> L =:= E; {'EXIT', P, {badarg, _}} -> true end end, Ps)
         end || I <- lists:seq(1, 50)],
    lists:usort(R).

load(M, B) -> {module, M} = code:load_binary(M, atom_to_list(M), B).
comp(S) -> {ok, _, B} = compile:forms(forms(S)), B.
forms(S) -> {ok, T, _} = erl_scan:string(S), split(T, []).
split([], []) -> [];
split([{dot, _} = D | T], A) -> {ok, F} = erl_parse:parse_form(lists:reverse([D | A])), [F | split(T, [])];
split([X | T], A) -> split(T, [X | A]).
