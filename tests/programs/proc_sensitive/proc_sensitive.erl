%% A sensitive process: who traces it hears nothing, and its messages, dictionary and stack are not shown.
-module(proc_sensitive).
-export([main/0]).

main() ->
    P = spawn(fun() -> put(secret, word), idle() end),
    shown(P),
    1 = erlang:trace(P, true, [send, 'receive', procs, running, garbage_collection]),
    ask(P, fun() -> process_flag(sensitive, true) end),
    flush(),
    P ! {unknown, secret},
    shown(P),
    ask(P, fun() -> erlang:garbage_collect(), register(name, self()), unregister(name), self() ! {unknown, too}, erlang:yield() end),
    told(P),
    ask(P, fun() -> {process_flag(sensitive, true), process_flag(sensitive, false)} end),
    flush(),
    ask(P, fun() -> register(name, self()) end),
    told(P),
    shown(P).

idle() ->
    receive {do, From, Fun} -> From ! {done, Fun()} end,
    idle().

ask(P, Fun) ->
    P ! {do, self(), Fun},
    receive {done, R} -> io:format("~p~n", [R]) end.

shown(P) ->
    {backtrace, B} = process_info(P, backtrace),
    io:format("~p~n", [process_info(P, [messages, dictionary, {dictionary, secret}])]),
    io:format("~p~n", [{proplists:get_value(dictionary, process_info(P)), byte_size(B) > 0}]).

told(P) ->
    R = erlang:trace_delivered(P),
    receive {trace_delivered, P, R} -> ok end,
    io:format("~p~n", [lists:usort([K || K <- kinds(P), lists:member(K, [register, unregister, gc_major_start])])]).

kinds(P) ->
    receive T when element(1, T) =:= trace, element(2, T) =:= P -> [element(3, T) | kinds(P)] after 0 -> [] end.

flush() -> receive _ -> flush() after 100 -> ok end.
