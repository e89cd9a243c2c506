-module(boot_status).
-include("t.hrl").
main() ->
    io:format("about to halt~n"),
    halt(7).
