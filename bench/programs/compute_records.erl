-module(compute_records).
-export([run/0]).
-record(acc, {id, balance = 0, log = [], flags = {false, false}}).
run() ->
    As = [#acc{id = I, balance = I} || I <- lists:seq(1, 500)],
    R = rounds(60, As),
    lists:sum([A#acc.balance + length(A#acc.log) || A <- R]).
rounds(0, As) -> As;
rounds(N, As) -> rounds(N - 1, [step(A, N) || A <- As]).
step(#acc{balance = B} = A, N) when B > 100000 -> A#acc{balance = B div 2, flags = {true, N > 5}};
step(#acc{id = I, balance = B, log = L} = A, N) when I rem 3 =:= 0 -> A#acc{balance = B + N * I, log = lists:sublist([N | L], 5)};
step(#acc{flags = {true, _}} = A, _) -> A#acc{flags = {false, false}};
step(A, N) -> setelement(#acc.balance, A, A#acc.balance + element(#acc.id, A) - N).
