-module(boot_stdin).
-include("t.hrl").
main() ->
    ?P(io:get_line("")),
    ?P(io:get_chars("", 5)),
    ?P(io:get_line("")),
    ?P(io:fread("", "~d ~s ~f")),
    ?P(io:read("")),
    ?P(io:get_line("")),
    io:setopts([binary]),
    ?P(io:get_line("")),
    rest(0).
rest(N) ->
    case io:get_line("") of
        eof -> io:format("~p more lines~n", [N]),
    ?P(io:get_line(""));
        L when is_binary(L) -> rest(N + 1)
    end.
