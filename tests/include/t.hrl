%% What every Erlang test program includes: ?P(Expression) prints an expression and its value or
%% exception; id/1 hides a constant from the compiler, so that the engine computes and not the compiler.
-export([main/0, id/1, t__try/1]).
-compile([nowarn_export_all, nowarn_unused_function, nowarn_unused_vars]).

-define(P(E), io:format("~ts = ~0tkp~n", [??E, ?MODULE:t__try(fun() -> E end)])).
-define(id(E), ?MODULE:id(E)).

id(X) -> X.

t__try(F) ->
    try F()
    catch
        throw:R -> {'THROW', R};
        exit:R -> {'EXIT', R};
        error:R -> {'ERROR', R}
    end.
