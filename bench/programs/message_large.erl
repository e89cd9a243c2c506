%% Messages of some size: copied terms and shared binaries.
-module(message_large).
-export([run/0]).
run() -> P = spawn_link(fun echo/0), L = lists:seq(1, 200), B = binary:copy(<<"x">>, 10000), T = {L, #{a => L, b => B}, "text", B}, R = [begin P ! {self(), {I, T}}, receive {I, {_, _, _, Y}} -> byte_size(Y) end end || I <- lists:seq(1, 4000)], P ! stop, lists:sum(R).
echo() -> receive {F, M} -> F ! M, echo(); stop -> ok end.
