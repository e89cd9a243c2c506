-module(otp_gen_server).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, code_change/3, handle_continue/2, format_status/1]).
-include("t.hrl").
main() ->
    logger:set_primary_config(level, none), process_flag(trap_exit, true),
    {ok, P} = gen_server:start_link({local, srv}, ?MODULE, #{n => 0}, []),
    ?P(gen_server:call(srv, get)),
    ?P(gen_server:cast(srv, {add, 5})),
    ?P(gen_server:call(P, get)), srv ! {info, 10}, ?P(gen_server:call(P, get)),
    ?P(gen_server:call(P, delayed)),
    ?P(gen_server:call(P, {slow, 10})),
    ?P(catch element(1, gen_server:call(P, {slow, 60}, 10))),
    ?P(try gen_server:call(P, noreply, 10) catch exit:{R0, {gen_server, call, [_, Q0, T0]}} -> {R0, Q0, T0} end),
    ?P(gen_server:call(P, continue)),
    ?P(gen_server:call(P, get)), R = gen_server:send_request(P, get),
    ?P(gen_server:receive_response(R, 1000)), R1 = gen_server:send_request(P, get),
    ?P(gen_server:wait_response(R1, 1000)),
    ?P(gen_server:start_link({local, srv}, ?MODULE, #{}, []) =:= {error, {already_started, P}}),
    ?P(sys:get_state(P)),
    ?P(sys:replace_state(P, fun(S) -> S#{n := 100} end)),
    ?P(sys:suspend(P)),
    ?P(sys:resume(P)),
    ?P(element(1, sys:get_status(P))),
    ?P(gen_server:call(P, stop)),
    ?P(receive {'EXIT', P, Rs} -> Rs end),
    ?P(gen_server:start_link(?MODULE, ignore, [])),
    ?P(gen_server:start_link(?MODULE, {stop, because}, [])),
    ?P(flush()),
    ?P(gen_server:start(?MODULE, {error, silent}, [])),
    ?P(element(1, element(2, gen_server:start(?MODULE, crash, [])))),
    ?P(gen_server:start(?MODULE, slow, [{timeout, 10}])), {ok, P2} = gen_server:start(?MODULE, #{n => 1}, []), M = monitor(process, P2),
    ?P(try gen_server:call(P2, crash) catch exit:{{R2, _}, {gen_server, call, [_, Q2]}} -> {R2, Q2} end),
    ?P(receive {'DOWN', M, _, _, {R3, _}} -> R3 end), {ok, P3} = gen_server:start(?MODULE, #{n => 1, report => self()}, []),
    ?P(gen_server:stop(P3)),
    ?P(receive {terminated, W} -> W end),
    ?P(catch gen_server:call(nonesuch, x)),
    ?P(catch gen_server:call(P3, x)),
    ?P(gen_server:cast(nonesuch, x)), {ok, P4} = gen_server:start(?MODULE, #{n => 0, timeout => 10, report => self()}, []), gen_server:cast(P4, {add, 1}),
    ?P(receive {timed_out, N} -> N after 10000 -> late end), gen_server:stop(P4, shutdown, 1000),
    ?P(receive {terminated, W4} -> W4 end),
    ?P(gen_server:abcast([node()], srv, x)), {ok, P5} = gen_server:start(?MODULE, #{n => 0}, [{hibernate_after, 5}]), receive after 30 -> ok end, ?P(process_info(P5, current_function)),
    ?P(gen_server:call(P5, get)),
    ?P(lists:sum([gen_server:call(P5, {add, I}) || I <- lists:seq(1, 1000)])),
    ?P(gen_server:multi_call([node()], nonesuch, x)),
    ?P(otp_gen_server:format_status(#{state => 1})).
init(ignore) -> ignore;
init({stop, R}) -> {stop, R};
init({error, R}) -> {error, R};
init(crash) -> error(crash);
init(slow) -> receive after 1000 -> {ok, x} end;
init(S) -> {ok, S}.
handle_call(get, _, S) -> {reply, maps:get(n, S), S};
handle_call({add, I}, _, S = #{n := N}) -> {reply, N + I, S#{n := N + I}};
handle_call(delayed, From, S) -> spawn(fun() -> gen_server:reply(From, later) end), {noreply, S};
handle_call({slow, T}, _, S) -> receive after T -> {reply, slept, S} end;
handle_call(noreply, _, S) -> {noreply, S};
handle_call(continue, _, S) -> {reply, ok, S, {continue, {set, 77}}};
handle_call(crash, _, _) -> error(crashed);
handle_call(stop, _, S) -> {stop, normal, stopping, S}.
handle_cast({add, I}, S = #{n := N, timeout := T}) -> {noreply, S#{n := N + I}, T};
handle_cast({add, I}, S = #{n := N}) -> {noreply, S#{n := N + I}}.
handle_info({info, I}, S = #{n := N}) -> {noreply, S#{n := N + I}};
handle_info(timeout, S = #{n := N, report := P}) -> P ! {timed_out, N}, {noreply, S};
handle_info(_, S) -> {noreply, S}.
handle_continue({set, N}, S) -> {noreply, S#{n := N}}.
terminate(R, #{report := P}) -> P ! {terminated, R};
terminate(_, _) -> ok.
code_change(_, S, _) -> {ok, S}.
format_status(S) -> S.
flush() -> receive {'EXIT', _, R} -> [R | flush()] after 150 -> [] end.
