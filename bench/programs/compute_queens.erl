-module(compute_queens).
-export([run/0]).
run() -> {length(queens(8)), count(9, 9, [])}.
queens(N) -> place(N, N).
place(0, _) -> [[]];
place(K, N) -> [[Q | Qs] || Qs <- place(K - 1, N), Q <- lists:seq(1, N), safe(Q, Qs, 1)].
safe(_, [], _) -> true;
safe(Q, [H | T], D) -> Q =/= H andalso abs(Q - H) =/= D andalso safe(Q, T, D + 1).
count(0, _, _) -> 1;
count(K, N, Qs) -> try_cols(N, K, N, Qs, 0).
try_cols(0, _, _, _, S) -> S;
try_cols(C, K, N, Qs, S) ->
    case safe(C, Qs, 1) of
        true -> try_cols(C - 1, K, N, Qs, S + count(K - 1, N, [C | Qs]));
        false -> try_cols(C - 1, K, N, Qs, S)
    end.
