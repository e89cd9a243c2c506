%% Compiles the modules of test suites, in the reference engine, and says which of them do not compile.
%%
%%   erl -noshell -s compile_suites main -extra OUT_DIR INCLUDE_DIR… -- FILE…
%%
%% Every file is compiled from its own directory, because cases look at the file names in stack traces. A module
%% that is up to date is left alone.
-module(compile_suites).
-export([main/0]).

main() ->
    [Out | Rest] = init:get_plain_arguments(),
    {Includes, ["--" | Files]} = lists:splitwith(fun(A) -> A =/= "--" end, Rest),
    Options = [nowarn_export_all, return_errors, debug_info, {outdir, Out}] ++ [{i, I} || I <- Includes],
    Failed = [F || F <- Files, stale(F, Out), not compiled(F, Options)],
    [io:format("~ts~n", [filename:basename(F, ".erl")]) || F <- Failed],
    halt(0).

stale(File, Out) ->
    Beam = filename:join(Out, filename:basename(File, ".erl") ++ ".beam"),
    filelib:last_modified(Beam) < filelib:last_modified(File).

compiled(File, Options) ->
    ok = file:set_cwd(filename:dirname(File)),
    case compile:file(filename:basename(File), [{i, "."} | Options]) of
        {error, [{_, [{_, _, _} | _] = Errors} | _], _} ->
            {At, Module, Error} = hd(Errors),
            io:format(standard_error, "~ts:~p: ~ts~n", [File, At, Module:format_error(Error)]),
            false;
        {error, _, _} -> false;
        _ -> true
    end.
