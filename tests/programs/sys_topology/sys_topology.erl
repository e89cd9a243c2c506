%% The processor topology as it is given and changed, and how schedulers are bound.
-module(sys_topology).
-include("t.hrl").

info(K) -> erlang:system_info(K).
set(V) -> erlang:system_flag(cpu_topology, V).
bind(V) -> erlang:system_flag(scheduler_bind_type, V).

main() ->
    logger:set_primary_config(level, none), % both flags are deprecated, and say so
    Processors = os:cmd("nproc"),
    ?P(info(cpu_topology)),
    ?P(info({cpu_topology, used}) =:= info(cpu_topology)),
    ?P(info({cpu_topology, defined}) =:= info(cpu_topology)),
    ?P(info({cpu_topology, detected})),
    ?P(info({cpu_topology, x})),
    ?P(info(scheduler_bind_type)),
    ?P(lists:usort(tuple_to_list(info(scheduler_bindings)))),
    ?P(set([{processor, [{core, {logical, 0}}, {core, {logical, 1}}]}])),
    ?P(info({cpu_topology, defined})),
    ?P(set([{processor, [{node, [{core, [{thread, {logical, 1}}, {thread, {logical, 0}}]}]}, {node, [{core, {logical, 2}}]}]}])),
    ?P(info(cpu_topology)),
    ?P(set([{core, {logical, 1}}])),
    ?P(set([{processor, {logical, 1}}, {processor, {logical, 1}}])),
    ?P(set(x)),
    ?P([bind(B) || B <- [no_spread, thread_spread, processor_spread, spread, no_node_thread_spread, no_node_processor_spread,
        thread_no_node_processor_spread, default_bind, unbound]]),
    ?P(bind(db)),
    ?P(bind(1)),
    ?P(info(scheduler_bind_type)),
    ?P(bind(default_bind)),
    %% Programs that are started are not bound.
    ?P(os:cmd("nproc") =:= Processors),
    ?P(bind(unbound)),
    ?P(set(undefined) =/= undefined),
    ?P(info({cpu_topology, defined})).
