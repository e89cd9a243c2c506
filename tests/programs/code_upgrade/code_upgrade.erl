%% Two versions of a module at once, on_load that fails, deleted and replaced modules, and what code tells of itself.
-module(code_upgrade).
-include("t.hrl").

main() ->
    logger:set_primary_config(level, none),
    ?P(two_versions()),
    ?P(soft()),
    ?P(on_load_fails()),
    ?P(on_load_funs()),
    ?P(stuck_in_on_load()),
    ?P(md5()),
    ?P(loaded()),
    ?P(check_code()),
    ?P(purger_only()),
    ?P(traces()),
    ?P(catches()),
    ?P(external_funs()),
    ?P(modified()),
    ?P(atomic()),
    ok.

load(M, S) -> code:load_binary(M, atom_to_list(M), comp(S)).

v(N) -> "-module(up). -export([v/0, loop/1, loop_local/1, hang/1, thrower/1, with/2]). "
        "v() -> " ++ integer_to_list(N) ++ ". "
        "loop(S) -> receive {v, P} -> P ! {self(), v()}, ?MODULE:loop(S); stop -> ok end. "
        "loop_local(S) -> receive {v, P} -> P ! {self(), v()}, loop_local(S); stop -> ok end. "
        "hang(S) -> S ! {self(), in}, receive go -> ok end, v(). "
        "thrower(X) -> X = v() + 1, ok. "
        "with(F, S) -> try F() of X -> {ok, X} catch C:R:_ -> S ! {self(), {C, R, v()}} after S ! {self(), 'after', v()} end. ".

ask(P) -> P ! {v, self()}, receive {P, V} -> V after 1000 -> timeout end.
down(M) -> receive {'DOWN', M, process, _, R} -> R after 1000 -> alive end.

two_versions() ->
    {module, up} = load(up, v(1)),
    {A, MA} = spawn_monitor(up, loop, [self()]),
    {B, MB} = spawn_monitor(up, loop_local, [self()]),
    V1 = [ask(A), ask(B)],
    {module, up} = load(up, v(2)),
    V2 = [ask(A), ask(B)],
    V3 = [ask(A), ask(B)],
    Old = [erlang:check_process_code(P, up) || P <- [A, B]],
    Purged = code:purge(up),
    DB = down(MB),
    V4 = ask(A),
    A ! stop,
    {V1, V2, V3, Old, Purged, DB, V4, down(MA), code:purge(up)}.

soft() ->
    S = self(),
    {P, M} = spawn_monitor(up, hang, [S]),
    receive {P, in} -> ok end,
    {module, up} = load(up, v(3)),
    A = code:soft_purge(up),
    Old = erlang:check_old_code(up),
    Load = erlang:load_module(up, comp(v(4))),
    P ! go,
    D = down(M),
    B = code:soft_purge(up),
    {A, Old, Load, D, B, erlang:check_old_code(up), up:v()}.

on_load_fails() ->
    R1 = load(bad, "-module(bad). -export([f/0]). -on_load(init/0). init() -> {error, nope}. f() -> 1."),
    R2 = [code:is_loaded(bad), erlang:function_exported(bad, f, 0), catch_undef(fun() -> bad:f() end)],
    R3 = load(bad, "-module(bad). -export([f/0]). -on_load(init/0). init() -> erlang:error(boom). f() -> 1."),
    R4 = load(bad, "-module(bad). -export([f/0]). -on_load(init/0). init() -> ok. f() -> 2."),
    R5 = bad:f(),
    R6 = load(bad, "-module(bad). -export([f/0]). -on_load(init/0). init() -> false. f() -> 3."),
    R7 = bad:f(),
    {R1, R2, R3, R4, R5, R6, R7, catch_undef(fun() -> bad:'-on_load'() end), code:purge(bad)}.

catch_undef(F) -> try F() catch error:undef -> undef end.

on_load_funs() ->
    R = load(olf, "-module(olf). -export([get/0, f/1]). -on_load(init/0). "
             "init() -> L = lists:map(fun(X) -> X * 2 end, [1,2,3]), K = 7, G = fun(Y) -> Y + K end, persistent_term:put(olf, {L, G(1), G}), ok. "
             "get() -> {L, V, G} = persistent_term:get(olf), {L, V, G(2)}. f(X) -> fun() -> X end."),
    A = olf:get(),
    {module, olf} = load(olf, "-module(olf). -export([x/0]). x() -> 1."),
    code:purge(olf),
    {L, V, G} = persistent_term:get(olf),
    {R, A, L, V, try G(1) catch error:{badfun, _} -> badfun end}.

stuck_in_on_load() ->
    persistent_term:put(parent, self()),
    S = self(),
    spawn(fun() -> S ! {loaded, load(slow, "-module(slow). -export([f/0]). -on_load(init/0). init() -> persistent_term:get(parent) ! {self(), waiting}, receive go -> ok end. f() -> 1.")} end),
    receive {P, waiting} -> ok end,
    C = spawn(fun() -> S ! {self(), catch slow:f()} end),
    Early = receive {C, X} -> X after 50 -> waits end,
    P ! go,
    {Early, receive {loaded, L} -> L end, receive {C, Y} -> Y end}.

md5() ->
    B = comp(v(9)),
    {module, up} = code:load_binary(up, "up", B),
    {ok, {up, M}} = beam_lib:md5(B),
    {up:module_info(md5) =:= M, code:module_md5(B) =:= M, erlang:get_module_info(up, md5) =:= M,
     erts_internal:beamfile_module_md5(B) =:= M, catch code:module_md5(<<"x">>)}.

loaded() ->
    L = erlang:loaded(),
    code:purge(up),
    true = code:delete(up),
    A = lists:member(up, erlang:loaded()),
    code:purge(up),
    {lists:member(up, L), A, lists:member(up, erlang:loaded()), length(L) =:= length(lists:usort(L)),
     erlang:module_loaded(up), erlang:module_loaded(lists), lists:member(erlang, erlang:pre_loaded()),
     lists:sort([M || {M, P} <- code:all_loaded(), P =:= preloaded]) =:= lists:sort(erlang:pre_loaded())}.

check_code() ->
    load(up, v(1)),
    code:purge(up),
    S = self(),
    {P, M} = spawn_monitor(up, hang, [S]),
    receive {P, in} -> ok end,
    A = erlang:check_process_code(P, up),
    true = code:delete(up),
    Ref = make_ref(),
    B = [erlang:check_process_code(P, up), erlang:check_process_code(P, up, [{allow_gc, false}]),
         erlang:check_process_code(P, up, [{async, Ref}]), receive {check_process_code, Ref, X} -> X end,
         erlang:check_process_code(S, up), erlang:check_process_code(P, nomod),
         try erlang:check_process_code(P, 1) catch error:R -> R end],
    erlang:suspend_process(P),
    C = erlang:check_process_code(P, up),
    exit(P, kill), down(M),
    {A, B, C, erlang:check_process_code(P, up), erlang:purge_module(up)}.

purger_only() ->
    [try F() catch error:R -> R end || F <- [fun() -> erts_internal:purge_module(up, prepare) end,
                                              fun() -> erts_literal_area_collector:release_area_switch() end,
                                              fun() -> erts_literal_area_collector:send_copy_request(self(), a, init) end]].

%% A stack trace that was caught in old code is still a list afterwards, and one not built yet does not matter.
traces() ->
    load(up, v(1)),
    T = try up:thrower(7) catch error:_:S -> S end,
    S0 = self(),
    P = spawn(fun() -> try up:thrower(7) catch _:_:St -> receive go -> S0 ! {self(), [{M, F, A} || {M, F, A, _} <- St]} end end end),
    load(up, v(2)),
    code:purge(up),
    load(up, v(3)),
    P ! go,
    {[{M, F, A} || {M, F, A, _} <- T, M =:= up], receive {P, [H | _]} -> H end}.

%% A process in a `try` of old code.
catches() ->
    load(up, v(1)),
    S = self(),
    {P, M} = spawn_monitor(up, with, [fun() -> S ! {self(), in}, receive go -> exit(x) end end, S]),
    receive {P, in} -> ok end,
    load(up, v(2)),
    Old = erlang:check_process_code(P, up),
    P ! go,
    R = [receive {P, X} -> X; {P, 'after', Y} -> {'after', Y} after 1000 -> nothing end || _ <- [1, 2]],
    {Old, R, down(M), code:purge(up)}.

external_funs() ->
    load(up, v(1)),
    F = fun up:v/0,
    A = F(),
    load(up, v(2)),
    B = F(),
    code:purge(up), code:delete(up), code:purge(up),
    C = try F() catch error:undef -> undef end,
    load(up, v(3)),
    {A, B, C, F()}.

modified() ->
    Dir = filename:join(filename:basedir(user_cache, "corten_test"), integer_to_list(erlang:unique_integer([positive])) ++ os:getpid()),
    File = filename:join(Dir, "modi.beam"),
    ok = filelib:ensure_dir(File),
    ok = file:write_file(File, comp("-module(modi). -export([f/0]). f() -> 1.")),
    code:add_patha(Dir),
    {module, modi} = code:load_file(modi),
    A = lists:member(modi, code:modified_modules()),
    S1 = code:module_status(modi),
    ok = file:write_file(File, comp("-module(modi). -export([f/0]). f() -> 2.")),
    B = lists:member(modi, code:modified_modules()),
    S2 = code:module_status(modi),
    file:delete(File),
    S3 = code:module_status(modi),
    code:del_path(Dir), file:del_dir(Dir),
    {A, S1, B, S2, S3}.

atomic() ->
    Bs = [{M, "f", comp("-module(" ++ atom_to_list(M) ++ "). -export([f/0]). f() -> 1.")} || M <- [at1, at2]],
    A = code:atomic_load(Bs),
    B = [code:is_loaded(M) =/= false || M <- [at1, at2]],
    C = code:atomic_load([{at1, "f", <<"bad">>} | tl(Bs)]),
    {ok, Prep} = code:prepare_loading(Bs),
    D = code:finish_loading(Prep),
    F = code:atomic_load([{on, "f", comp("-module(on). -export([f/0]). -on_load(i/0). i() -> ok. f() -> 1.")} | Bs]),
    {A, B, C, D, F}.

comp(S) -> {ok, _, B} = compile:forms(forms(S)), B.
forms(S) -> {ok, T, _} = erl_scan:string(S), split(T, []).
split([], []) -> [];
split([{dot, _} = D | T], A) -> {ok, F} = erl_parse:parse_form(lists:reverse([D | expand(A)])), [F | split(T, [])];
split([X | T], A) -> split(T, [X | A]).

expand([{atom, L, 'MODULE'} | T]) -> [{atom, L, up} | expand(T)];
expand([{var, L, 'MODULE'}, {'?', _} | T]) -> [{atom, L, up} | expand(T)];
expand([X | T]) -> [X | expand(T)];
expand([]) -> [].
