-module(compute_sudoku).
-export([run/0]).
run() -> [solve(P) || P <- ["53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79", "4.....8.5.3..........7......2.....6.....8.4......1.......6.3.7.5..2.....1.4......"]].
solve(P) ->
    G0 = maps:from_list([{{R, C}, lists:seq(1, 9)} || R <- lists:seq(0, 8), C <- lists:seq(0, 8)]),
    Given = [{{I div 9, I rem 9}, D - $0} || {I, D} <- lists:zip(lists:seq(0, 80), P), D =/= $.],
    G = lists:foldl(fun({S, D}, A) -> assign(A, S, D) end, G0, Given),
    R = search(G),
    [hd(maps:get({I div 9, I rem 9}, R)) || I <- lists:seq(0, 80)].
search(false) -> false;
search(G) ->
    case lists:sort([{length(V), S} || {S, V} <- maps:to_list(G), length(V) > 1]) of
        [] -> G;
        [{_, S} | _] -> first([fun() -> search(assign(G, S, D)) end || D <- maps:get(S, G)])
    end.
first([]) -> false;
first([F | Fs]) -> case F() of false -> first(Fs); R -> R end.
assign(G, S, D) -> lists:foldl(fun(D2, A) -> eliminate(A, S, D2) end, G, maps:get(S, G) -- [D]).
eliminate(false, _, _) -> false;
eliminate(G, S, D) ->
    Vs = maps:get(S, G),
    case lists:member(D, Vs) of
        false -> G;
        true ->
            case lists:delete(D, Vs) of
                [] -> false;
                [D2] -> places(lists:foldl(fun(P, A) -> eliminate(A, P, D2) end, G#{S := [D2]}, peers(S)), S, D);
                Vs2 -> places(G#{S := Vs2}, S, D)
            end
    end.
places(false, _, _) -> false;
places(G, S, D) -> lists:foldl(fun(U, A) -> place(A, U, D) end, G, units(S)).
place(false, _, _) -> false;
place(G, U, D) ->
    case [S || S <- U, lists:member(D, maps:get(S, G))] of
        [] -> false;
        [S] -> case maps:get(S, G) of [D] -> G; _ -> assign(G, S, D) end;
        _ -> G
    end.
units({R, C}) -> [[{R, X} || X <- lists:seq(0, 8)], [{X, C} || X <- lists:seq(0, 8)], [{R div 3 * 3 + A, C div 3 * 3 + B} || A <- [0, 1, 2], B <- [0, 1, 2]]].
peers(S) -> lists:usort(lists:append(units(S))) -- [S].
