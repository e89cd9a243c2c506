%% The compiler at work: scans, parses and compiles a module of a hundred functions.
-module(compute_compile).
-export([run/0]).
run() ->
    Src = "-module(m). -export([f1/1]). " ++ lists:append(["f" ++ integer_to_list(I) ++ "(X) when X > " ++ integer_to_list(I) ++ " -> case X rem 3 of 0 -> {a, f" ++ integer_to_list(I rem 60 + 1) ++ "(X - 1)}; 1 -> [Y * 2 || Y <- lists:seq(1, X), Y band 1 =:= 0]; _ -> <<X:16, \"bin\">> end; f" ++ integer_to_list(I) ++ "(#{k := V}) -> try V + 1 catch _:R -> R end; f" ++ integer_to_list(I) ++ "(_) -> none. " || I <- lists:seq(1, 60)]),
    {ok, Ts, _} = erl_scan:string(Src),
    {ok, m, B} = compile:forms(forms(Ts, []), [binary]),
    byte_size(B) > 1000.
forms([], _) -> [];
forms([{dot, _} = D | T], A) -> {ok, F} = erl_parse:parse_form(lists:reverse([D | A])), [F | forms(T, [])];
forms([X | T], A) -> forms(T, [X | A]).
