%% (TEST_ERL: the `erl` for the node that crashes, where the one on PATH is another.)
%% What a crash dump tells of a process, its terms and the node, in the sections that OTP's viewer reads.
-module(boot_crash_dump).
-export([sleeper/1, crash/0]).
-include("t.hrl").

main() ->
    Dump = filename:absname("a.dump"),
    true = os:putenv("ERL_CRASH_DUMP", Dump),
    true = os:putenv("ERL_CRASH_DUMP_SECONDS", "30"),
    _ = os:cmd(os:getenv("TEST_ERL", "erl") ++ " -noshell -pa . -s boot_crash_dump crash"),
    {ok, Bytes} = file:read_file(Dump),
    [<<"=erl_crash_dump:0.5", _/binary>> | Sections] = binary:split(Bytes, <<"\n=">>, [global]),
    Named = [section(S) || S <- Sections],
    Names = lists:usort([N || {N, _, _} <- Named]),
    Wanted = [scheduler, memory, index_table, proc, port, ets, timer, node, loaded_modules, mod, 'fun', proc_messages,
              proc_dictionary, proc_stack, proc_heap, persistent_terms, literals, binary, atoms, 'end'],
    ?P([W || W <- Wanted, not lists:member(atom_to_binary(W), Names)]),
    [Pid] = [P || {<<"proc">>, P, Ls} <- Named, lists:member(<<"Name: sleeper">>, Ls)],
    ?P([kind(M) || M <- of_process(<<"proc_messages">>, Pid, Named)]),
    Heap = [binary:split(L, <<":">>) || L <- of_process(<<"proc_heap">>, Pid, Named)],
    [<<"H", Pair/binary>>] = of_process(<<"proc_dictionary">>, Pid, Named),
    ?P(follow(Pair, Heap)),
    ?P([L || <<"Message queue length:", _/binary>> = L <- of_process(<<"proc">>, Pid, Named)]),
    ?P([T || {<<"timer">>, <<"sleeper">>, [T | _]} <- Named]),
    ?P([L || {<<"mod">>, <<"lists">>, Ls} <- Named, L <- Ls, binary:match(L, <<"attributes: g2w">>) =/= nomatch] =/= []),
    ?P(lists:member(<<"'=:='">>, hd([Ls || {<<"atoms">>, _, Ls} <- Named]))).

crash() ->
    register(sleeper, spawn(?MODULE, sleeper, [self()])),
    persistent_term:put(?MODULE, {a, term}),
    erlang:send_after(100000, sleeper, late),
    receive ready -> ok end,
    halt("on purpose").

sleeper(Parent) ->
    put(key, {1.5, [1 bsl 70 | "x"], <<"short">>, #{k => v}}),
    put(long, binary:copy(<<"long">>, 100)),
    erase(long) =:= [] orelse put(key, {get(key), 2}),
    self() ! {hello, 1},
    self() ! world,
    Parent ! ready,
    receive never -> ok end.

section(S) ->
    [Head | Lines] = binary:split(S, <<"\n">>, [global, trim]),
    case binary:split(Head, <<":">>) of
        [Name, Of] -> {Name, Of, Lines};
        [Name] -> {Name, <<>>, Lines}
    end.

of_process(Name, Pid, Named) -> lists:append([Ls || {N, P, Ls} <- Named, N =:= Name, P =:= Pid]).

%% The objects that one can reach, without their addresses.
follow(Address, Heap) ->
    case [O || [A, O] <- Heap, A =:= Address] of
        [<<"E", _/binary>>] -> external;
        [Object] ->
            case re:run(Object, "H([0-9A-F]+)", [global, {capture, [1], binary}]) of
                {match, Found} -> {kind(Object), [follow(A, Heap) || [A] <- Found]};
                nomatch -> kind(Object)
            end;
        [] -> elsewhere
    end.

kind(<<"F", _/binary>>) -> float;
kind(<<"Yc", _/binary>>) -> binary;
kind(<<"B", _/binary>>) -> big;
kind(Object) -> re:replace(Object, "H[0-9A-F]+", "H", [global, {return, list}]).
