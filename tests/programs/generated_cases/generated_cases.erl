%% Generated cases of one seed, as digests that the reference recorded, and the cases that once differed (`kept`).
-module(generated_cases).
-include("t.hrl").

main() ->
    logger:set_primary_config(level, none),
    Source = filename:join([os:getenv("TEST_ROOT"), "tests", "generated"]),
    [load(F) || F <- filelib:wildcard(filename:join(Source, "gen_*.erl"))],
    [io:format("~s ~s~n", [K, binary:encode_hex(gen_engine:answer({digest, 7, K, 1, 200}))]) || K <- gen_case:kinds() -- [math]],
    {ok, Kept} = file:consult("kept"),
    [io:format("~0tp~n  ~0tp~n", [C, gen_case:result(C)]) || C <- Kept].

load(File) ->
    {ok, M, Code} = compile:file(File, [binary]),
    {module, M} = code:load_binary(M, File, Code).
