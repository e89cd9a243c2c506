%% Runs cases inside one engine: answers requests that come by standard input, four bytes of length before each.
%%
%% `{digest, Seed, Kind, From, To}`: a digest of what the cases come to, so that equal engines exchange little.
%% `{cases, Seed, Kind, From, To}`: each case with its result. `{results, Cases}`: results of cases as they are given.
-module(gen_engine).
-export([main/0, answer/1]).

%% No case takes so long; one that does is a result of its own.
-define(LIMIT, 20_000).

main() ->
    logger:set_primary_config(level, none),
    Port = open_port({fd, 0, 1}, [binary, {packet, 4}, eof]),
    loop(Port).

loop(Port) ->
    receive
        {Port, {data, Request}} ->
            port_command(Port, term_to_binary(answer(binary_to_term(Request)))),
            loop(Port);
        {Port, eof} ->
            erlang:halt(0, [{flush, false}])
    end.

answer({digest, Seed, Kind, From, To}) ->
    Hash = fun(N, H) -> erlang:md5([H, term_to_binary(limited(fun() -> outcome(make(Seed, Kind, N)) end))]) end,
    lists:foldl(Hash, <<>>, lists:seq(From, To));
answer({cases, Seed, Kind, From, To}) ->
    [begin Case = make(Seed, Kind, N), {Case, limited(fun() -> outcome(Case) end)} end || N <- lists:seq(From, To)];
answer({results, Cases}) ->
    [limited(fun() -> outcome(Case) end) || Case <- Cases].

make(Seed, Kind, N) ->
    gen_term:seed(Seed, length(lists:takewhile(fun(K) -> K =/= Kind end, gen_case:kinds())), N),
    gen_case:make(Kind).

%% As it is sent: the same bytes on both engines, or not the same outcome.
outcome(Case) -> term_to_binary(gen_case:result(Case), [deterministic]).

limited(F) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit({done, F()}) end),
    receive
        {'DOWN', Ref, process, _, {done, Result}} -> Result;
        {'DOWN', Ref, process, _, Reason} -> {died, Reason}
    after ?LIMIT ->
        exit(Pid, kill),
        receive {'DOWN', Ref, process, _, _} -> timeout end
    end.
