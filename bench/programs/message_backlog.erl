%% Selective receive without a reference behind 100,000 messages that do not match.
-module(message_backlog).
-export([run/0]).
run() ->
    [self() ! {noise, I} || I <- lists:seq(1, 100000)],
    R = scan(100, 0),
    {R, flush(0)}.
scan(0, S) -> S;
scan(N, S) -> self() ! {wanted, N}, receive {wanted, X} -> scan(N - 1, S + X) end.
flush(N) -> receive {noise, _} -> flush(N + 1) after 0 -> N end.
