%% A live heap of some 500 MB of which parts are replaced all the time: the time that takes.
-module(gc_live_heap).
-export([run/0, make/1, churn/2]).
run() -> count(churn(make(200), 300)).
%% 200 slots of 2.5 MB: lists of tuples with lists.
make(N) -> list_to_tuple([slot(I) || I <- lists:seq(1, N)]).
slot(I) -> [{I, J, [I, J]} || J <- lists:seq(1, 31250)].
churn(T, 0) -> T;
churn(T, N) ->
    I = N * 7919 rem tuple_size(T) + 1,
    churn(setelement(I, T, slot(N)), N - 1).
count(T) -> lists:sum([A || [{A, _, _} | _] <- tuple_to_list(T)]).
