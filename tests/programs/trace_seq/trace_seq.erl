%% Sequential tracing: tokens that messages carry along.
-module(trace_seq).
-export([main/0]).

main() ->
    io:format("~p~n", [seq_trace:get_system_tracer()]),
    false = seq_trace:set_system_tracer(self()),
    io:format("~p~n", [seq_trace:get_system_tracer() =:= self()]),
    io:format("~p ~p~n", [seq_trace:get_token(), seq_trace:get_token(label)]),
    Main = self(),
    C = spawn_link(fun() -> relay(Main) end),
    B = spawn_link(fun() -> relay(C) end),
    A = spawn_link(fun() -> starter(B, Main) end),
    Names = #{A => a, B => b, C => c, Main => main},
    A ! {start, 1, []},
    receive {done, 1} -> ok end,
    seq_trace:set_token([]),
    show(Names),
    A ! {start, 2, [send, 'receive', print]},
    receive {done, 2} -> ok end,
    Token = seq_trace:set_token([]),
    show(Names),
    io:format("~p~n", [show_token(Token, Names)]),
    A ! {start, 3, ['receive', monotonic_timestamp]},
    receive {done, 3} -> ok end,
    seq_trace:set_token([]),
    show(Names),
    true = is_pid(seq_trace:set_system_tracer(false)),
    io:format("~p~n", [[try erlang:seq_trace(K, V) catch C1:R -> {C1, R} end
                        || {K, V} <- [{send, maybe_}, {nothing, true}, {serial, 1}, {sequential_trace_token, x}]]]),
    seq_trace:set_token(label, {a, [term]}),
    seq_trace:set_token(serial, {3, 7}),
    Parts = [seq_trace:get_token(label), seq_trace:get_token(serial), seq_trace:get_token(send)],
    Last = show_token(seq_trace:set_token([]), Names),
    io:format("~p~n~p~n", [Parts, Last]),
    seq_trace:reset_trace(),
    io:format("~p~n", [seq_trace:get_token()]).

starter(To, Main) ->
    receive {start, Label, Flags} ->
            seq_trace:set_token(label, Label),
            [seq_trace:set_token(F, true) || F <- Flags],
            print(Label),
            To ! {hop, Label, 1},
            seq_trace:set_token([])
    end,
    starter(To, Main).
print(Label) -> seq_trace:print(Label, {printed, Label}), seq_trace:print(17, not_printed).

relay(To) ->
    receive {hop, L, 2} -> seq_trace:print({at_end, seq_trace:get_token(label)}), To ! {done, L};
            {hop, L, N} -> To ! {hop, L, N + 1} end,
    relay(To).

show(Names) ->
    receive after 100 -> ok end,
    [io:format("  ~p~n", [plain(M, Names)]) || M <- all()],
    io:format("--~n").
all() -> receive M -> [M | all()] after 0 -> [] end.

show_token([], _) -> [];
show_token(true, _) -> true;
show_token(T, Names) -> plain(T, Names).

plain({seq_trace, L, X, T}, N) when is_integer(T) -> {seq_trace, L, plain(X, N), time};
plain(P, N) when is_pid(P) -> maps:get(P, N, pid);
plain(T, N) when is_tuple(T) -> list_to_tuple([plain(X, N) || X <- tuple_to_list(T)]);
plain(X, _) -> X.
