%% What error/2,3 show as the arguments of the function that raises.
-module(exc_arguments).
-export([main/0]).

main() ->
    [p(X) || X <- [[1 | 2], [a, b], foo, none, [], <<1>>, [a, b, c | d]]].

p(X) ->
    try f(1, X) catch error:R:S -> io:format("~p ~p~n", [R, element(3, hd(S))]) end,
    try g(1, X) catch error:R1:S1 -> io:format("~p ~p~n", [R1, element(3, hd(S1))]) end.

f(_, X) -> error(function_clause, X).
g(_, X) -> error(function_clause, X, [{error_info, #{}}]).
