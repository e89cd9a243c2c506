-module(otp_supervisor).
-behaviour(supervisor).
-export([init/1, start_child/2, loop/2]).
-include("t.hrl").
main() ->
    logger:set_primary_config(level, none), process_flag(trap_exit, true), register(tester, self()),
    {ok, S} = supervisor:start_link({local, sup}, ?MODULE, {#{strategy => one_for_one, intensity => 10, period => 10}, [a, b, c]}),
    ?P(ev()),
    ?P([{I, T, M} || {I, _, T, M} <- supervisor:which_children(S)]),
    ?P(lists:sort(supervisor:count_children(S))), P = whereis(b), b ! crash, ?P(ev()),
    ?P(whereis(b) =/= P), exit(whereis(c), kill),
    ?P(ev()),
    ?P(supervisor:terminate_child(sup, a)),
    ?P(ev()),
    ?P(whereis(a)),
    ?P(supervisor:restart_child(sup, b)),
    ?P(element(1, supervisor:restart_child(sup, a))),
    ?P(supervisor:delete_child(sup, a)),
    ?P(supervisor:terminate_child(sup, a)),
    ?P(supervisor:delete_child(sup, a)),
    ?P(element(1, supervisor:start_child(sup, spec(d, transient)))), d ! normal, ?P(ev()),
    ?P(whereis(d)),
    ?P(supervisor:get_childspec(sup, d)),
    ?P(element(1, supervisor:start_child(sup, spec(e, temporary)))), e ! crash, ?P(ev()),
    ?P(length(supervisor:which_children(sup))),
    ?P(supervisor:start_child(sup, spec(b, permanent)) =:= {error, {already_started, whereis(b)}}),
    ?P(element(1, element(2, supervisor:start_child(sup, #{id => x, start => {?MODULE, nosuch, []}})))),
    ?P(supervisor:check_childspecs([#{id => x}])),
    ?P(supervisor:check_childspecs([spec(x, permanent)])), exit(S, shutdown),
    ?P(receive {'EXIT', S, R} -> R end),
    ?P(lists:sort(ev())),
    ?P([whereis(X) || X <- [a, b, c, d]]),
    {ok, S2} = supervisor:start_link(?MODULE, {#{strategy => one_for_all, intensity => 5, period => 10}, [a, b, c]}), ev(), b ! crash, ?P(ev()), stop(S2), {ok, S3} = supervisor:start_link(?MODULE, {#{strategy => rest_for_one, intensity => 5, period => 10}, [a, b, c]}), ev(), b ! crash, ?P(ev()), stop(S3), {ok, S4} = supervisor:start_link(?MODULE, {#{strategy => one_for_one, intensity => 2, period => 60}, [a]}), ev(), [begin wait(a), a ! crash, receive {ev, _} -> ok end end || _ <- [1, 2]], wait(a), a ! crash,
    ?P(receive {'EXIT', S4, R4} -> R4 after 10000 -> alive end), ev(),
    {ok, S5} = supervisor:start_link(?MODULE, simple), Cs = [element(2, supervisor:start_child(S5, [list_to_atom("w" ++ integer_to_list(I))])) || I <- lists:seq(1, 5)], ?P(length(ev())),
    ?P(lists:sort(supervisor:count_children(S5))), exit(hd(Cs), kill),
    ?P(ev()),
    ?P(supervisor:terminate_child(S5, lists:last(Cs))),
    ?P(ev()), stop(S5),
    ?P(lists:sort(ev())),
    ?P(supervisor:start_link(?MODULE, ignore)),
    ?P(supervisor:start_link(?MODULE, {bad, x})), {ok, S6} = supervisor:start_link(?MODULE, {#{auto_shutdown => any_significant}, [{sig, transient}]}), ev(), sig ! normal,
    ?P(receive {'EXIT', S6, R6} -> R6 after 10000 -> alive end).
init(simple) -> {ok, {#{strategy => simple_one_for_one, intensity => 5}, [#{id => w, start => {?MODULE, start_child, [permanent]}, shutdown => 100}]}};
init(ignore) -> ignore;
init({F, Cs}) when is_map(F) -> {ok, {F, [spec0(C) || C <- Cs]}};
init(X) -> X.
spec0({N, R}) -> (spec(N, R))#{significant => true};
spec0(N) -> spec(N, permanent).
spec(N, R) -> #{id => N, start => {?MODULE, start_child, [R, N]}, restart => R, shutdown => 200, type => worker, modules => [?MODULE]}.
start_child(_, N) -> proc_lib:start_link(?MODULE, loop, [N, self()]).
loop(N, Sup) -> register(N, self()), process_flag(trap_exit, true), tester ! {ev, {start, N}}, proc_lib:init_ack({ok, self()}), recv(N, Sup).
recv(N, Sup) -> receive crash -> exit(crashed); normal -> exit(normal); {'EXIT', Sup, R} -> tester ! {ev, {stop, N, R}}, exit(R) end.
ev() -> receive {ev, E} -> [E | ev()] after 150 -> [] end.
wait(N) -> case whereis(N) of undefined -> erlang:yield(), wait(N); _ -> ok end.
stop(S) -> unlink(S), M = monitor(process, S), exit(S, shutdown), receive {'DOWN', M, _, _, _} -> ok end.
