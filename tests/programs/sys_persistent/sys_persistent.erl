-module(sys_persistent).
-include("t.hrl").
main() ->
    ?P(persistent_term:put(k, {big, lists:seq(1, 5), <<"bin">>, #{a => 1}})),
    ?P(persistent_term:get(k)),
    ?P(persistent_term:get(nokey)),
    ?P(persistent_term:get(nokey, dflt)),
    ?P(persistent_term:put(k, {big, lists:seq(1, 5), <<"bin">>, #{a => 1}})), V = persistent_term:get(k),
    ?P(persistent_term:put(k, new)),
    ?P(persistent_term:erase(k)),
    ?P(persistent_term:erase(k)), erlang:garbage_collect(),
    ?P(V),
    ?P(lists:keyfind(k2, 1, persistent_term:get())),
    ?P(is_integer(maps:get(count, persistent_term:info()))), [persistent_term:put({key, I}, lists:seq(1, I rem 50)) || I <- lists:seq(1, 500)], ?P(lists:sum([length(persistent_term:get({key, I})) || I <- lists:seq(1, 500)])), S = self(), P = spawn(fun() -> X = persistent_term:get({key, 49}), S ! have, receive go -> S ! {x, X} end end), receive have -> ok end, [persistent_term:erase({key, I}) || I <- lists:seq(1, 500)], receive after 20 -> ok end, erlang:garbage_collect(P), P ! go, ?P(receive {x, X} -> length(X) end), persistent_term:put(f, fun(X) -> X * 2 end),
    ?P((persistent_term:get(f))(21)),
    ?P(lists:foldl(fun(I, _) -> persistent_term:put(churn, {I, lists:seq(1, 10)}), element(1, persistent_term:get(churn)) end, 0, lists:seq(1, 300))).
