%% An uncaught exception of the boot process ends the node with status 1.
-module(boot_crash).
-include("t.hrl").
main() ->
    io:format("about to crash~n"),
    error(on_purpose).
