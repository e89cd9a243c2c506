%% Compiles a module of 5,000 lines: from its text to the bytes of its code.
-module(work_compile).
-export([run/0]).
run() ->
    {ok, Ts, _} = erl_scan:string(source()),
    {ok, big, B} = compile:forms(forms(Ts, []), [binary]),
    byte_size(B) > 10000.
forms([], []) -> [];
forms([{dot, _} = D | T], A) -> {ok, F} = erl_parse:parse_form(lists:reverse([D | A])), [F | forms(T, [])];
forms([X | T], A) -> forms(T, [X | A]).

source() -> lists:flatten(["-module(big).\n-export([f0/1]).\n-record(st, {id, name = <<>>, items = [], opts = #{}}).\nf0(X) -> [f1(X), f2(X)].\n" | [function(I rem 5, I) || I <- lists:seq(1, 500)]]).

%% Ten lines each.
function(0, I) -> io_lib:format("
%% A case with guards.
f~w(X) when is_integer(X), X > ~w ->
    case X rem 3 of
        0 -> {a, f~w(X - 1)};
        1 -> [Y * 2 || Y <- lists:seq(1, X), Y band 1 =:= 0];
        _ -> <<X:16, \"bin\">>
    end;
f~w(_) -> none.
", [I, I, I rem 400 + 1, I]);
function(1, I) -> io_lib:format("
f~w(#{k := V, name := N} = M) ->
    try maps:put(k, V + ~w, M#{name => [N | f~w(V)]}) of
        #{k := W} -> W
    catch
        error:{badmap, _} -> f~w(V);
        _:R -> {error, R}
    end;
f~w(Other) -> Other.
", [I, I, I rem 400 + 1, (I * 7) rem 400 + 1, I]);
function(2, I) -> io_lib:format("
f~w(#st{id = Id, items = [H | T], opts = O} = S) when Id =/= ~w ->
    Opts = case maps:find(h, O) of
        {ok, F} when is_function(F, 1) -> O#{last => F(H)};
        error -> O
    end,
    f~w(S#st{items = T, opts = Opts});
f~w(#st{items = []} = S) -> S#st{name = <<\"done ~w\">>};
f~w(X) -> {not_a_record, X}.
", [I, I, (I * 3) rem 400 + 1, I, I, I]);
function(3, I) -> io_lib:format("
f~w(<<A:8, B:16/little, N:8, C:N/binary, R/bits>>) ->
    L = [{A + B + ~w, C} | f~w(R)],
    lists:foldl(fun({K, V}, Acc) when K > 10 -> [V | Acc];
                   (_, Acc) -> Acc
                end, [], L);
f~w(<<\"text\", R/binary>>) -> {text, R};
f~w(<<>>) -> [];
f~w(B) -> binary:split(B, <<\",\">>, [global]).
", [I, I, I rem 400 + 1, I, I, I]);
function(4, I) -> io_lib:format("
f~w([{K, V} | T]) ->
    if
        K =:= key~w; V > 1.5 -> put(K, V);
        true -> ok
    end,
    Sum = lists:sum([X || {_, X} <- T, is_number(X)]),
    receive {msg, From, Term} -> From ! {self(), Sum, Term} after 0 -> f~w(T) end;
f~w([]) -> io_lib:format(\"~~p ~~s~~n\", [f~w, \"none\"]);
f~w(T) when tuple_size(T) =:= 3 -> setelement(2, T, element(1, T)).
", [I, I, I rem 400 + 1, I, I, I]).
