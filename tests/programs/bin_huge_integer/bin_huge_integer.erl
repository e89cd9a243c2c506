%% An integer field may be wider than integers can be, if its value is not.
-module(bin_huge_integer).
-export([main/0]).

main() ->
    [field(Bits, Top, Low, Signed) || Bits <- [4194240, 4194304, 4194305, 4194312, 1 bsl 24], Top <- [0, 1, 255], Low <- [0, 7],
                                      Signed <- [false, true]],
    io:format("~p~n", [[length(erlang:system_info(heap_sizes)), lists:last(erlang:system_info(heap_sizes))]]).

field(Bits, Top, Low, Signed) ->
    B = <<Top, 0:(Bits - 16), Low, 13>>,
    R = try
            case Signed of
                false -> <<I:Bits, 13>> = B, size(term_to_binary(I));
                true -> <<I:Bits/signed-little, 13>> = B, size(term_to_binary(I))
            end
        catch
            error:{badmatch, B} -> no_match
        end,
    io:format("~p~n", [{Bits, Top, Low, Signed, R}]).
