%% A halt with a slogan ends the node with status 1 (and would write a crash dump).
-module(boot_crash).
-include("t.hrl").
main() ->
    io:format("about to crash~n"),
    halt("on purpose").
