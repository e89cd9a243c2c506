-module(otp_gen_statem).
-behaviour(gen_statem).
-export([init/1, callback_mode/0, handle_event/4, terminate/3]).
-include("t.hrl").
main() ->
    logger:set_primary_config(level, none), process_flag(trap_exit, true), {ok, P} = gen_statem:start_link({local, door}, ?MODULE, self(), []),
    ?P(events()), [begin gen_statem:cast(P, {digit, D}) end || D <- [1, 2, 3]], ?P(gen_statem:call(P, state)), [gen_statem:cast(P, {digit, D}) || D <- [4, 2]], ?P(gen_statem:call(P, state)),
    ?P(events()), gen_statem:cast(P, {digit, 9}), gen_statem:cast(P, {digit, 9}), gen_statem:cast(P, {digit, 9}),
    ?P(gen_statem:call(P, state)), gen_statem:cast(P, {digit, 1}),
    ?P(gen_statem:call(P, postponed)),
    ?P(events()),
    ?P(gen_statem:call(P, {many, 3})),
    ?P(events()),
    ?P(gen_statem:call(P, named_timeout)),
    ?P(receive {ev, {tm, X}} -> X after 10000 -> late end),
    ?P(gen_statem:call(P, cancel)),
    ?P(events()),
    ?P(gen_statem:call(P, repeat)),
    ?P(events()),
    ?P(catch element(1, gen_statem:call(P, silent, 10))),
    ?P(sys:get_state(P) =:= {locked, {self(), []}}), R = gen_statem:send_request(P, state),
    ?P(gen_statem:receive_response(R, 100)), P ! info, ?P(receive {ev, {info, I}} -> I end),
    ?P(gen_statem:stop(P)),
    ?P(receive {'EXIT', P, Rs} -> Rs end),
    ?P(events()), {ok, P2} = gen_statem:start(?MODULE, self(), []),
    ?P(try gen_statem:call(P2, boom) catch exit:{{Rb, _}, _} -> Rb end),
    ?P(gen_statem:start(?MODULE, ignore, [])),
    ?P(gen_statem:start(?MODULE, {stop, x}, [])),
    ?P(catch gen_statem:call(nonesuch, x)).
events() -> receive {ev, E} -> [E | events()] after 150 -> [] end.
callback_mode() -> [handle_event_function, state_enter].
init(ignore) -> ignore;
init({stop, X}) -> {stop, X};
init(S) -> {ok, locked, {S, []}}.
handle_event(enter, Old, New, {S, _} = D) -> S ! {ev, {enter, Old, New}}, case New of open -> {keep_state, D, [{state_timeout, 40, lock}]}; _ -> keep_state_and_data end;
handle_event(cast, {digit, D}, locked, {S, Ds}) -> case lists:sublist([D | Ds], 2) of [2, 4] -> {next_state, open, {S, []}}; L -> {keep_state, {S, L}, [{timeout, 1000, clear}]} end;
handle_event(cast, {digit, _}, open, _) -> {keep_state_and_data, [postpone]};
handle_event(state_timeout, lock, open, D) -> {next_state, locked, D};
handle_event({call, F}, state, St, _) -> {keep_state_and_data, [{reply, F, St}]};
handle_event({call, F}, postponed, open, _) -> {keep_state_and_data, [postpone]};
handle_event({call, F}, postponed, locked, {S, _}) -> {keep_state, {S, []}, [{reply, F, now_locked}]};
handle_event({call, F}, {many, N}, _, _) -> {keep_state_and_data, [{reply, F, ok} | [{next_event, internal, {i, I}} || I <- lists:seq(1, N)]]};
handle_event(internal, {i, I}, _, {S, _}) -> S ! {ev, {internal, I}}, keep_state_and_data;
handle_event({call, F}, named_timeout, _, _) -> {keep_state_and_data, [{reply, F, ok}, {{timeout, a}, 10, aa}, {{timeout, b}, 5000, bb}]};
handle_event({timeout, N}, V, _, {S, _}) -> S ! {ev, {tm, {N, V}}}, keep_state_and_data;
handle_event({call, F}, cancel, _, _) -> {keep_state_and_data, [{reply, F, ok}, {{timeout, b}, cancel}]};
handle_event({call, F}, repeat, _, D) -> {repeat_state, D, [{reply, F, ok}]};
handle_event({call, _}, silent, _, _) -> keep_state_and_data;
handle_event({call, _}, boom, _, _) -> error(boom);
handle_event(timeout, clear, _, {S, _}) -> {keep_state, {S, []}};
handle_event(info, I, _, {S, _}) -> S ! {ev, {info, I}}, keep_state_and_data.
terminate(R, St, {S, _}) -> S ! {ev, {terminate, R, St}};
terminate(_, _, _) -> ok.
