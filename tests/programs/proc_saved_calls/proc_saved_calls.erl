%% process_flag(save_calls, N) and what process_info(P, last_calls) shows.
-module(proc_saved_calls).
-export([main/0, twice/1, quiet/0]).

main() ->
    false = calls(self()),
    io:format("~p~n", [process_flag(save_calls, 6)]),
    ?MODULE:twice(1),
    self() ! one,
    receive one -> ok end,
    receive never -> ok after 0 -> ok end,
    apply(?MODULE, twice, [id(2)]),
    F = fun ?MODULE:twice/1,
    F(3),
    io:format("~p~n", [calls(self())]),
    lists:foreach(F, [1, 2, 3]),
    L = calls(self()),
    io:format("~p ~p~n", [length(L), [{M, Fn, A} || {M, Fn, A} <- L, M =:= ?MODULE]]),
    %% BIFs, and the end of it.
    _ = atom_to_list(id(a)), _ = erlang:send(self(), two),
    io:format("~p~n", [lists:nthtail(2, calls(self()))]),
    io:format("~p ~p~n", [process_flag(save_calls, 0), calls(self())]),
    io:format("~p~n", [try process_flag(save_calls, 10001) catch error:R -> R end]),
    %% Of another process; a sensitive one tells nothing.
    {P, _} = spawn_monitor(fun() -> other() end),
    io:format("~p~n", [process_flag(P, save_calls, 10)]),
    io:format("~p~n", [process_info(P, last_calls)]),
    P ! {go, self()},
    receive
        {P, Calls} -> io:format("~p~n", [[C || C <- Calls, is_atom(C) orelse element(1, C) =:= ?MODULE]])
    end.

other() ->
    receive {go, From} -> ok end,
    ?MODULE:twice(7),
    process_flag(sensitive, true),
    ?MODULE:quiet(),
    process_flag(sensitive, false),
    From ! {self(), calls(self())}.

twice(X) -> X * 2.
quiet() -> ok.
id(X) -> X.

calls(P) ->
    {last_calls, L} = process_info(P, last_calls),
    L.
