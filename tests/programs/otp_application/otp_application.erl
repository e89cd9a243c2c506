-module(otp_application).
-behaviour(application).
-export([start/2, stop/1, prep_stop/1, init/1]).
-include("t.hrl").
main() ->
    logger:set_primary_config(level, none),
    ?P(application:load({application, demo, [{description, "demo app"}, {vsn, "1.2"}, {modules, [?MODULE]}, {registered, [demo_sup]}, {applications, [kernel, stdlib]}, {env, [{k, v}, {n, 1}]}, {mod, {?MODULE, [args]}}, {start_phases, []}]})),
    ?P(application:load(demo)),
    ?P(lists:sort(application:get_all_env(demo))),
    ?P(application:get_env(demo, k)),
    ?P(application:get_env(demo, zz)),
    ?P(application:get_env(demo, zz, dflt)),
    ?P(application:set_env(demo, k, v2)),
    ?P(application:get_env(demo, k)),
    ?P(application:start(demo)),
    ?P(is_pid(whereis(demo_sup))),
    ?P(lists:keymember(demo, 1, application:which_applications())),
    ?P(application:start(demo)),
    ?P(application:get_key(demo, vsn)),
    ?P(application:get_application(whereis(demo_sup))),
    ?P(application:stop(demo)),
    ?P(get_ev()),
    ?P(whereis(demo_sup)),
    ?P(application:stop(demo)),
    ?P(application:unload(demo)),
    ?P(application:get_env(demo, k)),
    ?P(application:start(no_such_app)),
    ?P(application:ensure_all_started(sasl)),
    ?P([A || {A, _, _} <- lists:sort(application:which_applications()), lists:member(A, [kernel, stdlib, sasl])]),
    ?P(application:stop(sasl)),
    ?P(application:load({application, bad, [{applications, [nodep]}, {mod, {x, []}}]})),
    ?P(application:start(bad)),
    ?P(application:get_key(kernel, mod)),
    ?P(element(1, application:get_key(stdlib, modules))),
    ?P(application:set_env([{newapp, [{a, 1}]}])),
    ?P(application:get_env(newapp, a)).
start(T, A) -> register(tester0, spawn(fun() -> receive x -> x end end)), put(x, {T, A}), ets:new(evs, [named_table, public, {heir, whereis(init), x}]), supervisor:start_link({local, demo_sup}, ?MODULE, []).
init([]) -> {ok, {#{}, []}}.
prep_stop(S) -> persistent_term:put(ev, [prep_stop]), S.
stop(_) -> persistent_term:put(ev, persistent_term:get(ev) ++ [stop]).
get_ev() -> persistent_term:get(ev).
