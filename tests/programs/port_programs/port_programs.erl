-module(port_programs).
-include("t.hrl").
main() ->
    process_flag(trap_exit, true),
    ?P(os:cmd("echo hello")),
    ?P(os:cmd("printf 'a\\nb'; exit 3")),
    ?P(os:cmd("cat <<'X'\nüx\nX")),
    ?P(os:cmd("no_such_command_zz 2>/dev/null; echo $?")),
    ?P(os:cmd("head -c 100000 /dev/zero | wc -c", #{max_size => 50})), Sh = os:find_executable("sh"), Cat = os:find_executable("cat"),
    P1 = open_port({spawn_executable, Sh}, [{args, ["-c", "echo out; exit 7"]}, exit_status, stream]),
    ?P(collect(P1, [])), P2 = open_port({spawn, "cat"}, [binary]),
    ?P(port_command(P2, "echo this")),
    ?P(receive {P2, {data, D2}} -> D2 end), P2 ! {self(), {command, ["io", <<"list">>]}}, ?P(receive {P2, {data, D3}} -> D3 end),
    ?P(port_close(P2)),
    ?P(receive {'EXIT', P2, R2} -> R2 after 10000 -> none end),
    ?P(port_command(P2, "x")),
    ?P(erlang:port_info(P2)), [begin P = open_port({spawn_executable, Cat}, [{packet, N}, binary]), port_command(P, <<"one">>), port_command(P, [<<"tw">>, $o]), io:format("packet ~p: ~p~n", [N, [receive {P, {data, D}} -> D after 10000 -> none end || _ <- [1, 2]]]), port_close(P), receive {'EXIT', P, _} -> ok end end || N <- [1, 2, 4]], P3 = open_port({spawn, "printf 'short\\nalonglineoftext\\nend'"}, [{line, 8}, eof]),
    ?P(lines(P3)), P4 = open_port({spawn_executable, Sh}, [{args, ["-c", "echo $FOO $BAR; pwd"]}, {env, [{"FOO", "foo"}, {"BAR", false}]}, {cd, "/"}, exit_status, binary]),
    ?P(collect(P4, [])), P5 = open_port({spawn_executable, Sh}, [{args, ["-c", "echo err >&2; echo out"]}, stderr_to_stdout, exit_status]),
    ?P(collect(P5, [])),
    ?P(open_err({spawn_executable, "/no/such/program"}, [])),
    ?P(open_err({spawn_executable, "/etc/passwd"}, [])),
    ?P(open_err({spawn, ""}, [])),
    ?P(open_err({bogus, x}, [])),
    ?P(open_err({spawn, "cat"}, [bogus])), P6 = open_port({spawn_executable, Sh}, [{args, ["-c", "kill -9 $$"]}, exit_status]),
    ?P(collect(P6, [])), P7 = open_port({spawn, "cat"}, []),
    ?P([K || {K, _} <- erlang:port_info(P7)]),
    ?P([erlang:port_info(P7, K) || K <- [name, input, output, registered_name]]),
    ?P(erlang:port_info(P7, connected) =:= {connected, self()}),
    ?P(element(2, erlang:port_info(P7, links)) =:= [self()]),
    ?P(lists:member(P7, erlang:ports())),
    ?P(register(my_port, P7)), my_port ! {self(), {command, "via name"}}, ?P(receive {P7, {data, D7}} -> D7 end),
    ?P(whereis(my_port) =:= P7), S = self(), Q = spawn(fun() -> receive {P7, {data, X}} -> S ! {other_got, X} end end),
    ?P(erlang:port_connect(P7, Q)), port_command(P7, "moved"),
    ?P(receive {other_got, X7} -> X7 after 10000 -> none end), M = erlang:monitor(port, P7), P7 ! {S, close}, ?P(receive {'EXIT', P7, badsig} -> badsig after 20 -> nothing end), catch port_close(P7),
    ?P(receive {'DOWN', M, port, P7, R} -> R after 10000 -> none end), P8 = open_port({spawn, "cat"}, [binary, stream]), Big = binary:copy(<<"0123456789">>, 20000), spawn(fun() -> port_command(P8, Big) end),
    ?P(total(P8, 0, byte_size(Big))), P8 ! {self(), close}, ?P(receive {P8, closed} -> closed after 10000 -> none end), {P9, _} = {open_port({spawn_executable, Cat}, [in, {args, ["/dev/null"]}, eof]), x}, ?P(receive {P9, eof} -> eof after 10000 -> none end), catch port_close(P9), Owner = spawn(fun() -> Px = open_port({spawn, "cat"}, []), S ! {port, Px}, receive stop -> ok end end),
    ?P(receive {port, Px} -> Owner ! stop, M2 = erlang:monitor(port, Px), receive {'DOWN', M2, _, _, _} -> down after 10000 -> none end end), {ok, [[_ | _]]} = {ok, [["x"]]}, ?P(open_err({fd, -1, -1}, [])),
    ?P(length([begin P = open_port({spawn, "true"}, [exit_status]), receive {P, {exit_status, 0}} -> ok end end || _ <- lists:seq(1, 30)])).
collect(P, A) -> receive {P, {data, D}} -> collect(P, [A, D]); {P, {exit_status, S}} -> receive {'EXIT', P, _} -> ok after 100 -> ok end, {unicode:characters_to_list(iolist_to_binary(A)), S} after 5000 -> {timeout, A} end.
lines(P) -> receive {P, {data, L}} -> [L | lines(P)]; {P, eof} -> [eof | lines(P)]; {P, {exit_status, S}} -> [S | lines(P)]; {'EXIT', P, R} -> [R] after 300 -> [] end.
open_err(N, O) -> try open_port(N, O) of _ -> opened catch C:R -> {C, R} end.
total(_, N, N) -> N;
total(P, N, T) -> receive {P, {data, D}} -> total(P, N + byte_size(D), T) after 5000 -> {short, N} end.
