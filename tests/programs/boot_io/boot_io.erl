-module(boot_io).
-include("t.hrl").
main() ->
    io:put_chars("plain\n"),
    io:put_chars(<<"binary\n">>),
    io:format("~w ~p ~s ~ts~n", [a, "b", "c", [955, 8594]]),
    io:nl(),
    io:write({term, 1.5, "s"}), io:nl(),
    ok = io:put_chars(standard_io, [$i, [$o, <<"list">>], $\n]),
    ok.
