%% Holds a crowd of processes alive at once, each of which has answered one message, and says what one takes.
%%
%%     ./x run examples/crowd.erl               a million of them
%%     erlc examples/crowd.erl && corten erl +P 20000000 -noshell -pa . -run crowd main 10000000 -s erlang halt
-module(crowd).
-export([main/0, main/1, member/0]).

%% Processes that are started before their answers are waited for.
-define(BATCH, 10000).
-define(WIDTH, 50).

main() -> main([]).

main([]) -> main(["1000000"]);
main([Number | _]) ->
    N = list_to_integer(Number),
    Room = erlang:system_info(process_limit) - erlang:system_info(process_count),
    N =< Room orelse begin
        io:format("There is room for ~w more processes: start with +P ~w.~n", [Room, 2 * N]),
        halt(1)
    end,
    Before = resident(),
    Begun = erlang:monotonic_time(),
    gather(0, N),
    Took = erlang:convert_time_unit(erlang:monotonic_time() - Begun, native, millisecond),
    After = resident(),
    io:format("~n~w processes are alive, each has answered a message: ~.1f s, ~w a second.~n",
              [erlang:system_info(process_count), Took / 1000, N * 1000 div max(Took, 1)]),
    io:format("~w bytes each, ~w MB resident in all.~n", [(After - Before) div N, After bsr 20]).

gather(N, N) -> progress(N, N);
gather(Alive, N) ->
    progress(Alive, N),
    Batch = min(?BATCH, N - Alive),
    Members = [spawn(?MODULE, member, []) || _ <- lists:seq(1, Batch)],
    [Member ! {how_are_you, self()} || Member <- Members],
    [receive {fine, _} -> ok end || _ <- Members],
    gather(Alive + Batch, N).

member() ->
    receive
        {how_are_you, Who} -> Who ! {fine, self()}, member();
        go_home -> ok
    end.

%% A bar on a terminal; elsewhere a line for each tenth.
progress(Alive, N) ->
    Percent = 100 * Alive div N,
    case io:columns() of
        {ok, _} ->
            Full = ?WIDTH * Alive div N,
            io:format("\r[~ts~ts] ~3w % ~w", [lists:duplicate(Full, $#), lists:duplicate(?WIDTH - Full, $.), Percent, Alive]);
        {error, _} ->
            case Percent div 10 > 100 * max(0, Alive - ?BATCH) div N div 10 of
                true -> io:format("~3w % ~w~n", [Percent, Alive]);
                false -> ok
            end
    end.

%% Bytes of memory that the node holds, by the operating system's figures where it tells.
resident() ->
    case file:read_file("/proc/self/statm") of
        {ok, Text} ->
            [_, Pages | _] = string:lexemes(Text, " "),
            binary_to_integer(Pages) * 4096;
        {error, _} -> erlang:memory(total)
    end.
