%% Nothing but erlang:display/1: works before any I/O server does.
-module(boot_display).
-include("t.hrl").
main() ->
    erlang:display(hello),
    erlang:display({1, -2, 3.5, "str", <<1, 2, 3>>, [a | b], [], {}}),
    erlang:display(fact(?id(30))),
    erlang:display(lists:reverse(lists:seq(1, 10))),
    erlang:display([X * X || X <- lists:seq(1, 5), X rem 2 =:= 1]),
    erlang:display(#{?id(1) => 2}),
    Self = self(),
    P = spawn(fun() -> receive {From, X} -> From ! {answer, X + 1} end end),
    P ! {Self, 41},
    erlang:display(receive {answer, A} -> A end),
    erlang:display(hd(element(2, element(2, catch ?id(a) + 1)))),
    erlang:display(try ?id(1) / ?id(0) catch error:E -> {caught, E} end).
fact(0) -> 1;
fact(N) -> N * fact(N - 1).
