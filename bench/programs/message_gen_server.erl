-module(message_gen_server).
-behaviour(gen_server).
-export([run/0, init/1, handle_call/3, handle_cast/2]).
run() -> {ok, P} = gen_server:start_link(?MODULE, 0, []), calls(P, 25000), [gen_server:cast(P, {add, I}) || I <- lists:seq(1, 20000)], R = gen_server:call(P, get, infinity), gen_server:stop(P), R.
calls(_, 0) -> ok;
calls(P, N) -> N = gen_server:call(P, {echo, N}), calls(P, N - 1).
init(S) -> {ok, S}.
handle_call({echo, X}, _, S) -> {reply, X, S};
handle_call(get, _, S) -> {reply, S, S}.
handle_cast({add, I}, S) -> {noreply, S + I}.
