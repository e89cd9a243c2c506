-module(compute_regex).
-export([run/0]).
run() ->
    T = binary:copy(<<"2024-02-29 user@example.com 10.0.0.1 GET /index.html?id=42 \"quoted text\" ">>, 200),
    {ok, R} = re:compile("(\\d+)-(\\d+)-(\\d+)"),
    {match, M} = re:run(T, R, [global, {capture, all_but_first, binary}]),
    {length(M), length(re:split(T, "\\s+")), byte_size(iolist_to_binary(re:replace(T, "[aeiou]+", "<&>", [global]))), re:run(T, "nothing(here)?$"), lists:sum([case re:run("user" ++ integer_to_list(I) ++ "@host.org", "^[\\w.]+@[\\w.]+\\.\\w{2,4}$", [{capture, none}]) of match -> 1; _ -> 0 end || I <- lists:seq(1, 2000)])}.
