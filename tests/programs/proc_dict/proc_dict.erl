-module(proc_dict).
-include("t.hrl").
main() ->
    erase(),
    ?P(get()),
    ?P(get_keys()), [put(I, I * I) || I <- lists:seq(1, 2000)], ?P(length(get())),
    ?P(lists:sum([get(I) || I <- lists:seq(1, 2000)])),
    ?P(lists:sort(get_keys(4))), [erase(I) || I <- lists:seq(1, 2000, 2)], ?P(length(get_keys())),
    ?P(get(1)),
    ?P(get(2)),
    ?P(lists:sum([V || {_, V} <- get()])),
    ?P(length(erase())),
    ?P(get()),
    ?P(put("list key", 1)),
    ?P(put(1.0, float)),
    ?P(put(1, int)),
    ?P({get(1), get(1.0), get("list key")}),
    ?P(put({tuple, [<<"deep">>]}, #{m => 1})),
    ?P(get({tuple, [<<"deep">>]})), S = self(), spawn(fun() -> S ! {child, get()} end),
    ?P(receive {child, D} -> D end), [put({k, I rem 10}, I) || I <- lists:seq(1, 1000)], ?P(lists:sort([V || {{k, _}, V} <- get()])), erlang:garbage_collect(),
    ?P(get({k, 5})).
