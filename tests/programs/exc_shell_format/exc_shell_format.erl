%% erl_error:format_exception as the shell shows crashes.
-module(exc_shell_format).
-include("t.hrl").
main() ->
    [io:format("~ts~n--~n", [fmt(F)]) || F <- [fun() -> error(badarg) end, fun() -> foo(1) end, fun() -> 1 = ?id(2) end, fun() -> case ?id(x) of y -> z end end, fun() -> if 1 =:= 2 -> x end end, fun() -> throw({some, term}) end, fun() -> exit(reason) end, fun() -> exit({long, lists:seq(1, 50)}) end, fun() -> undefined_function(1, 2) end, fun() -> (?id(f))(1) end, fun() -> (fun(_) -> 1 end)(1, ?id(2)) end, fun() -> error({custom, "text"}, [a, b]) end, fun() -> 1 / ?id(0) end, fun() -> error({try_clause, 5}) end, fun() -> error({nocatch, 5}) end, fun() -> error(system_limit) end, fun() -> error(undef) end, fun() -> error({badkey, k}) end, fun() -> error({badmap, k}) end, fun() -> error({badrecord, k}) end, fun() -> error(timeout_value) end, fun() -> error({badfun, 1}) end, fun() -> error({badarity, {fun foo/1, [1, 2]}}) end, fun() -> error(noproc) end, fun() -> error(function_clause) end]].
undefined_function(A, B) -> ?MODULE:und(A, B).
foo(x) -> y.
fmt(F) -> try F(), ok catch C:R:St -> erl_error:format_exception(C, R, lists:takewhile(fun({?MODULE, fmt, _, _}) -> false; (_) -> true end, St)) end.
