-module(proc_hibernate).
-export([woken/2, loop/1]).
-include("t.hrl").
main() ->
    S = self(), P = spawn(fun() -> Junk = lists:seq(1, 10000), catch erlang:hibernate(?MODULE, woken, [S, length(Junk)]), S ! not_reached end), wait(P),
    ?P(process_info(P, current_function)),
    ?P(process_info(P, catchlevel)), P ! wake, ?P(receive X -> X after 10000 -> timeout end),
    ?P(receive Y -> Y after 20 -> nothing end),
    Q = spawn(?MODULE, loop, [0]), wait(Q), [begin Q ! {add, I}, wait(Q) end || I <- lists:seq(1, 10)], Q ! {get, S}, ?P(receive {sum, Z} -> Z end),
    ?P(begin {heap_size, H} = process_info(Q, heap_size), H < 1000 end), self() ! already, R = spawn(fun() -> self() ! x, erlang:hibernate(?MODULE, woken, [S, immediate]) end),
    ?P(receive {woken, A, B} -> {A, B} end),
    ?P(is_pid(R)),
    ?P(receive already -> ok end),
    ?P(proc_lib_hib()),
    ?P(lists:usort([asked() || _ <- lists:seq(1, 3000)])).
woken(S, X) -> receive M -> S ! {woken, X, M} end.
loop(N) -> receive {add, I} -> erlang:hibernate(?MODULE, loop, [N + I]); {get, P} -> P ! {sum, N}, loop(N) end.
wait(P) -> case process_info(P, [status, message_queue_len]) of [{status, waiting}, {message_queue_len, 0}] -> ok; _ -> erlang:yield(), wait(P) end.
proc_lib_hib() -> S = self(), P = proc_lib:spawn(fun() -> proc_lib:hibernate(?MODULE, woken, [S, pl]) end), wait(P), P ! m, receive W -> W end.
% Asked about itself while it goes to sleep: only a message wakes it.
asked() -> P = spawn(fun() -> erlang:hibernate(?MODULE, woken, [none, none]) end), wait(P), F = process_info(P, current_function), exit(P, kill), F.
