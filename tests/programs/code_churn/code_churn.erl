%% Loading and purging ever new versions of a module, and replacing a persistent term, again and again: memory is
%% bounded. `-extra N` (plain arguments) sets the number of versions; the bounds do not depend on it.
-module(code_churn).
-include("t.hrl").

main() ->
    logger:set_primary_config(level, none),
    N = case init:get_plain_arguments() of [A] -> list_to_integer(A); _ -> 1500 end,
    ?P(bounded(fun(I) -> version(template(), I) end, N)),
    ?P(bounded(fun replace/1, N)),
    ?P(bounded(fun prepared/1, N)),
    ok.

%% A tenth first, so that tables have grown and caches are warm.
bounded(F, N) ->
    lists:foreach(F, lists:seq(1, N div 10)),
    Before = resident(),
    lists:foreach(F, lists:seq(N div 10 + 1, N)),
    erlang:garbage_collect(),
    case resident() - Before of
        Growth when Growth < 12 * 1024 * 1024 -> bounded;
        Growth -> {grown, Growth div 1024}
    end.

resident() ->
    {ok, B} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = string:lexemes(B, " "),
    binary_to_integer(Pages) * 4096.

%% A version of its own for each number: the bytes of an integer in the file are replaced, so that everything that is
%% found by the checksum of the module is new too.
version(Template, I) ->
    Tag = 16#30000000 + I,
    File = binary:replace(Template, <<16#3A5B3C1D:32>>, <<Tag:32>>, [global]),
    {module, churn} = code:load_binary(churn, "churn", File),
    Tag = churn:tag(),
    [{1, 7, Tag, "inner"}] = churn:run([7]),
    put(literals, churn:literals()),
    put(function, churn:make(I)),
    {badarg, _, _} = churn:catcher(5).

%% A term is freed some time after it was replaced; every now and then we wait for that.
replace(I) ->
    persistent_term:put(?MODULE, lists:seq(I, I + 5000)),
    [idle() || I rem 50 =:= 0].

idle() ->
    [Pid] = [P || P <- processes(), {initial_call, {erts_literal_area_collector, start, 0}} <- [process_info(P, initial_call)]],
    Ref = make_ref(),
    Pid ! {get_status, Ref, self()},
    receive {Ref, idle} -> ok; {Ref, working} -> timer:sleep(1), idle() end.

%% Prepared and never loaded.
prepared(I) ->
    File = binary:replace(template(), <<16#3A5B3C1D:32>>, <<(16#30000000 + I):32>>, [global]),
    put(prepared, erlang:prepare_loading(churn, File)).

template() ->
    case get(template) of
        undefined -> put(template, compiled()), get(template);
        T -> T
    end.

compiled() ->
    Forms = [form(S) || S <- [
        "-module(churn).",
        "-export([tag/0, literals/0, make/1, run/1, catcher/1, big/0]).",
        "tag() -> 16#3A5B3C1D.",
        "literals() -> {\"a string\", <<\"a binary of more than sixty-four bytes, so that it lies outside of the heap of anybody\">>,"
        " #{a => [1, 2, 3]}, 1.5, fun lists:map/2}.",
        "make(X) -> fun(Y) -> {X, Y, tag(), \"inner\"} end.",
        "run(L) -> lists:map(make(1), L).",
        "big() -> 123456789012345678901234567890.",
        "catcher(X) -> try make(X), element(X, {a}) catch error:R:S -> {R, length(S), fun() -> literals() end} end."]],
    {ok, churn, File} = compile:forms(Forms, []),
    File.

form(S) ->
    {ok, T, _} = erl_scan:string(S),
    {ok, F} = erl_parse:parse_form(T),
    F.
