-module(otp_proc_lib).
-export([init_ok/1, init_fail/1, init_crash/1, init_ignore/1]).
-include("t.hrl").
main() ->
    logger:set_primary_config(level, none), process_flag(trap_exit, true),
    ?P(begin {ok, P} = proc_lib:start_link(?MODULE, init_ok, [self()]), receive {inited, P} -> ok end end),
    ?P(proc_lib:start(?MODULE, init_fail, [x])),
    ?P(proc_lib:start_link(?MODULE, init_fail, [y])),
    ?P(element(1, element(2, proc_lib:start(?MODULE, init_crash, [x])))),
    ?P(proc_lib:start(?MODULE, init_ignore, [x])),
    ?P(proc_lib:start(timer, sleep, [1000], 10)), P2 = proc_lib:spawn(fun() -> receive x -> x end end),
    ?P(proc_lib:initial_call(P2) =/= false),
    ?P(proc_lib:translate_initial_call(P2) =/= x),
    ?P(proc_lib:stop(P2, normal, 1000) =:= x),
    ?P(begin {P3, M3} = proc_lib:spawn_opt(fun() -> '$ancestors', exit(get('$ancestors')) end, [monitor]), receive {'DOWN', M3, _, P3, R} -> R =:= [self()] orelse R end end),
    ?P(proc_lib:spawn_link(fun() -> ok end) =/= x),
    ?P(flush()),
    ?P(sys:handle_debug([], f, x, y)),
    ?P(gen:start(x, nolink, y, z, []) =/= z).
init_ok(S) -> proc_lib:init_ack({ok, self()}), S ! {inited, self()}, receive after infinity -> x end.
init_fail(R) -> proc_lib:init_fail({error, R}, {exit, R}).
init_crash(_) -> error(crashed).
init_ignore(_) -> proc_lib:init_fail(ignore, {exit, normal}).
flush() -> receive {'EXIT', _, R} -> [R | flush()] after 150 -> [] end.
