-module(compute_interpreter).
-export([run/0]).
run() ->
    Prog = {{push, 0}, {store, s}, {push, 60000}, {store, i}, {load, i}, {jz, 15}, {load, s}, {load, i}, add, {push, 7919}, mod, {store, s}, {load, i}, {push, 1}, {jmp, 16}, halt, sub, {store, i}, {jmp, 5}},
    {vm(Prog, 1, [], #{}), eval({'let', x, {num, 10}, {sum, 5000}}, []), bf(0, 4000)}.
vm(P, Pc, St, E) ->
    case element(Pc, P) of
        {push, N} -> vm(P, Pc + 1, [N | St], E);
        {load, V} -> vm(P, Pc + 1, [map_get(V, E) | St], E);
        {store, V} -> [X | R] = St, vm(P, Pc + 1, R, E#{V => X});
        add -> [A, B | R] = St, vm(P, Pc + 1, [A + B | R], E);
        sub -> [A, B | R] = St, vm(P, Pc + 1, [B - A | R], E);
        mod -> [A, B | R] = St, vm(P, Pc + 1, [B rem A | R], E);
        {jz, T} -> case St of [0 | R] -> vm(P, T + 1, R, E); [_ | R] -> vm(P, Pc + 1, R, E) end;
        {jmp, T} -> vm(P, T + if T =:= 16 -> 1; true -> 0 end, St, E);
        halt -> map_get(s, E)
    end.
eval({num, N}, _) -> N;
eval({var, V}, E) -> proplists_get(V, E);
eval({add, A, B}, E) -> eval(A, E) + eval(B, E);
eval({mul, A, B}, E) -> eval(A, E) * eval(B, E) rem 65537;
eval({'if', C, A, B}, E) -> case eval(C, E) of 0 -> eval(B, E); _ -> eval(A, E) end;
eval({'let', V, X, B}, E) -> eval(B, [{V, eval(X, E)} | E]);
eval({sum, 0}, E) -> eval({var, x}, E);
eval({sum, N}, E) -> eval({add, {mul, {var, x}, {num, N}}, {'if', {num, N band 1}, {num, 3}, {var, x}}}, E) + eval({sum, N - 1}, E).
proplists_get(V, [{V, X} | _]) -> X;
proplists_get(V, [_ | T]) -> proplists_get(V, T).
bf(A, 0) -> A;
bf(A, N) -> bf(lists:foldl(fun tok/2, A, "ab+-c*d+a"), N - 1).
tok($a, A) -> A + 1;
tok($b, A) -> A + 2;
tok($c, A) -> A bxor 3;
tok($d, A) -> A band 16#ffff;
tok($+, A) -> A + 5;
tok($-, A) -> A - 4;
tok($*, A) -> A * 3 rem 10007.
