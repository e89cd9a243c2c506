%% What fails when building binaries, with the text that the shell would show.
-module(bin_errors).
-include("t.hrl").
main() ->
    A = ?id(a), N = ?id(-1), F = ?id(1.5), B = ?id(<<1, 2>>), I = ?id(7), Big = ?id(1 bsl 70),
    e(fun() -> <<A>> end),
    e(fun() -> <<A:16/little>> end),
    e(fun() -> <<F:8>> end),
    e(fun() -> <<I:N>> end),
    e(fun() -> <<I:A>> end),
    e(fun() -> <<I:Big>> end),
    e(fun() -> <<A/float>> end),
    e(fun() -> <<A/utf8>> end),
    e(fun() -> <<16#D800/utf8, A/utf8>> end),
    e(fun() -> <<N/utf16>> end),
    e(fun() -> <<N/utf32>> end),
    e(fun() -> <<A/binary>> end),
    e(fun() -> <<B:5/binary>> end),
    e(fun() -> <<B:N/binary>> end),
    e(fun() -> <<1, (?id(<<1:3>>))/binary>> end),
    e(fun() -> <<I/binary>> end),
    e(fun() -> <<B/bits, I/bits>> end),
    e(fun() -> <<F:13/float>> end),
    e(fun() -> <<"abc", A, "def">> end),
    e(fun() -> <<B:A/bits>> end),
    e(fun() -> <<X:4>> = B, X end),
    e(fun() -> f(B) end),
    e(fun() -> binary_to_list(A) end),
    e(fun() -> binary_to_list(B, 0, 9) end),
    e(fun() -> split_binary(B, 3) end),
    e(fun() -> list_to_binary([256]) end),
    e(fun() -> list_to_binary([a]) end),
    e(fun() -> iolist_to_binary([1 | 2]) end),
    e(fun() -> list_to_bitstring([<<1:1>>, 300]) end),
    e(fun() -> byte_size(I) end),
    e(fun() -> binary_part(B, 1, 5) end),
    e(fun() -> binary:part(B, {3, 1}) end),
    e(fun() -> binary:at(B, 2) end),
    e(fun() -> binary:copy(B, N) end),
    e(fun() -> binary:match(B, []) end),
    e(fun() -> binary:match(B, <<>>) end).
f(<<1, X:16>>) -> X.
e(F) ->
    try F() of V -> io:format("value ~p~n", [V])
    catch C:R:St ->
        %% stacktrace lines of the test itself are not the point
        Txt = erl_error:format_exception(C, R, St, #{stack_trim_fun => fun(M, F1, _) -> M =:= init orelse F1 =:= e orelse F1 =:= main end}),
        io:format("~ts~n", [Txt])
    end.
