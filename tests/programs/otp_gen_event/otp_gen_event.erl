-module(otp_gen_event).
-behaviour(gen_event).
-export([init/1, handle_event/2, handle_call/2, handle_info/2, terminate/2]).
-include("t.hrl").
main() ->
    logger:set_primary_config(level, none), {ok, P} = gen_event:start_link({local, mgr}),
    ?P(gen_event:add_handler(mgr, ?MODULE, {self(), h})),
    ?P(gen_event:add_handler(mgr, {?MODULE, 2}, {self(), h2})),
    ?P(gen_event:add_handler(mgr, {?MODULE, bad}, bad)),
    ?P(gen_event:which_handlers(mgr)),
    ?P(gen_event:notify(mgr, e1)),
    ?P(evs()),
    ?P(gen_event:sync_notify(mgr, e2)),
    ?P(evs()),
    ?P(gen_event:call(mgr, ?MODULE, get)),
    ?P(gen_event:call(mgr, nosuch, get)), mgr ! info, ?P(evs()),
    ?P(gen_event:swap_handler(mgr, {?MODULE, swap}, {{?MODULE, 3}, {self(), h3}})),
    ?P(evs()),
    ?P(gen_event:delete_handler(mgr, {?MODULE, 2}, gone)),
    ?P(evs()),
    ?P(gen_event:delete_handler(mgr, {?MODULE, 2}, gone)), gen_event:notify(mgr, crash),
    ?P(evs()),
    ?P(gen_event:which_handlers(mgr)),
    ?P(gen_event:add_sup_handler(mgr, ?MODULE, {self(), sup})), gen_event:notify(mgr, remove),
    ?P(receive {gen_event_EXIT, H, R} -> {H, R} after 10000 -> none end),
    ?P(evs()),
    ?P(gen_event:stop(P)),
    ?P(is_process_alive(P)).
evs() -> receive {ev, E} -> [E | evs()] after 150 -> [] end.
init({P, N}) -> {ok, {P, N, 0}};
init({{P, N}, T}) -> {ok, {P, {N, T}, 0}};
init(bad) -> {error, bad}.
handle_event(crash, _) -> error(crash);
handle_event(remove, _) -> remove_handler;
handle_event(E, {P, N, C}) -> P ! {ev, {N, E}}, {ok, {P, N, C + 1}}.
handle_call(get, {_, _, C} = S) -> {ok, C, S}.
handle_info(I, {P, N, C}) -> P ! {ev, {N, {info, I}}}, {ok, {P, N, C}}.
terminate(R, {P, N, _}) -> P ! {ev, {terminate, N, case R of {error, {E, _}} -> E; _ -> R end}}, {from, N};
terminate(_, _) -> ok.
