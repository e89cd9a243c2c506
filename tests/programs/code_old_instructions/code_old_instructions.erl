%% Instructions that compilers before OTP 25 emitted and loaders still take: written as assembly, since no compiler at
%% hand emits them.
-module(code_old_instructions).
-export([main/0]).

main() ->
    Functions = [construct(), strings(), bits(), append(), private_append(), utf(), add(), floats(), fail()],
    {Code, Exports, _} = lists:foldl(fun assemble/2, {[], [], 1}, Functions),
    Asm = {old_asm, lists:reverse(Exports), [], lists:append(lists:reverse(Code)), 1000},
    {ok, old_asm, Beam} = compile:forms(Asm, [from_asm, binary, report]),
    {module, old_asm} = code:load_binary(old_asm, "old_asm.beam", Beam),
    show(construct, [5, <<1, 2, 3>>]),
    show(construct, [x, <<1>>]),
    show(strings, []),
    show(bits, [5, 3]),
    show(bits, [1, 70]),
    show(append, [<<1, 2>>, 3]),
    show(append, [<<1:1>>, 3]),
    show(append, [x, 3]),
    show(private_append, [<<7>>]),
    show(utf, [16#20ac, 16#1f600]),
    show(utf, [$a, $b]),
    show(utf, [16#d800, $b]),
    show(utf, [x, $b]),
    show(add, [1, 2]),
    show(add, [-1, 2]),
    show(floats, [1.5]),
    show(floats, [2]),
    show(floats, [x]),
    show(fail, [x]),
    show(fail, [255]),
    ok.

show(Name, Args) ->
    Result = try apply(old_asm, Name, Args) of
                 V -> {ok, V}
             catch
                 C:R -> {C, R}
             end,
    io:format("~p ~w: ~w~n", [Name, Args, Result]).

assemble({Name, Arity, Body}, {Code, Exports, L}) ->
    F = {function, Name, Arity, L + 1,
         [{label, L}, {func_info, {atom, old_asm}, {atom, Name}, Arity}, {label, L + 1} | Body(L + 2)]},
    {[[F] | Code], [{Name, Arity} | Exports], L + 10}.

flags() -> {field_flags, []}.

%% <<A:16, B/binary>>
construct() ->
    {construct, 2, fun(_) ->
        [{bs_init2, {f, 0}, 5, 0, 2, flags(), {x, 2}},
         {bs_put_integer, {f, 0}, {integer, 16}, 1, flags(), {x, 0}},
         {bs_put_binary, {f, 0}, {atom, all}, 8, flags(), {x, 1}},
         {move, {x, 2}, {x, 0}}, return]
    end}.

strings() ->
    {strings, 0, fun(_) ->
        [{bs_init2, {f, 0}, 7, 0, 0, flags(), {x, 0}},
         {bs_put_string, 5, {string, "hello"}},
         {bs_put_integer, {f, 0}, {integer, 16}, 1, {field_flags, [little]}, {integer, 258}},
         return]
    end}.

%% <<A:N>>
bits() ->
    {bits, 2, fun(_) ->
        [{bs_init_bits, {f, 0}, {x, 1}, 0, 2, flags(), {x, 2}},
         {bs_put_integer, {f, 0}, {x, 1}, 1, flags(), {x, 0}},
         {move, {x, 2}, {x, 0}}, return]
    end}.

append() ->
    {append, 2, fun(_) ->
        [{bs_append, {f, 0}, {integer, 8}, 0, 2, 8, {x, 0}, flags(), {x, 2}},
         {bs_put_integer, {f, 0}, {integer, 8}, 1, flags(), {x, 1}},
         {move, {x, 2}, {x, 0}}, return]
    end}.

private_append() ->
    {private_append, 1, fun(_) ->
        [{allocate, 1, 1}, {move, {x, 0}, {y, 0}}, {move, {integer, 256}, {x, 0}}, bs_init_writable,
         {bs_private_append, {f, 0}, {integer, 8}, 1, {x, 0}, flags(), {x, 0}},
         {bs_put_binary, {f, 0}, {integer, 1}, 8, flags(), {y, 0}},
         {deallocate, 1}, return]
    end}.

%% <<A/utf8, B/utf16, A/utf32>>
utf() ->
    {utf, 2, fun(_) ->
        [{bs_utf8_size, {f, 0}, {x, 0}, {x, 2}},
         {bs_utf16_size, {f, 0}, {x, 1}, {x, 3}},
         {bs_add, {f, 0}, [{x, 2}, {x, 3}, 1], {x, 2}},
         {bs_add, {f, 0}, [{x, 2}, {integer, 4}, 1], {x, 2}},
         {bs_init2, {f, 0}, {x, 2}, 0, 2, flags(), {x, 3}},
         {bs_put_utf8, {f, 0}, flags(), {x, 0}},
         {bs_put_utf16, {f, 0}, flags(), {x, 1}},
         {bs_put_utf32, {f, 0}, flags(), {x, 0}},
         {move, {x, 3}, {x, 0}}, return]
    end}.

add() ->
    {add, 2, fun(_) -> [{bs_add, {f, 0}, [{x, 0}, {x, 1}, 8], {x, 0}}, return] end}.

floats() ->
    {floats, 1, fun(_) ->
        [{bs_init2, {f, 0}, 12, 0, 1, flags(), {x, 1}},
         {bs_put_float, {f, 0}, {integer, 64}, 1, flags(), {x, 0}},
         {bs_put_float, {f, 0}, {integer, 32}, 1, {field_flags, [little]}, {x, 0}},
         {move, {x, 1}, {x, 0}}, return]
    end}.

%% A label instead of an exception.
fail() ->
    {fail, 1, fun(L) ->
        [{bs_init2, {f, L}, 1, 0, 1, flags(), {x, 1}},
         {bs_put_integer, {f, L}, {integer, 8}, 1, flags(), {x, 0}},
         {move, {x, 1}, {x, 0}}, return,
         {label, L}, {move, {atom, failed}, {x, 0}}, return]
    end}.
