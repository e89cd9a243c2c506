%% JSON as libraries of Elixir do it, in the shape that Elixir's compiler gives it: a decoder of clauses over the rest
%% of one binary, with a stack of its own and strings as parts of the text; an encoder that asks what implements the
%% type of a value, as a protocol does, and keeps what needs no escapes whole.
-module(work_json_elixir).
-export([run/0]).
run() ->
    Text = iolist_to_binary(encode(work_json_otp:documents())),
    L = [iolist_to_binary(encode(decode(Text))) || _ <- lists:seq(1, 4)],
    {byte_size(Text), [erlang:crc32(B) || B <- L]}.

%% The decoder: the text, how much of it is read, the rest, and what to do with the next value.
decode(Text) -> value(Text, Text, 0, [done]).

value(<<C, R/bits>>, T, N, S) when C =:= $\s; C =:= $\n; C =:= $\r; C =:= $\t -> value(R, T, N + 1, S);
value(<<$", R/bits>>, T, N, S) -> string(R, T, N + 1, S, 0);
value(<<$[, R/bits>>, T, N, S) -> array(R, T, N + 1, S);
value(<<${, R/bits>>, T, N, S) -> object(R, T, N + 1, S);
value(<<$-, R/bits>>, T, N, S) -> number(R, T, N, S, 1);
value(<<C, R/bits>>, T, N, S) when C >= $0, C =< $9 -> number(R, T, N, S, 1);
value(<<"true", R/bits>>, T, N, S) -> continue(R, T, N + 4, S, true);
value(<<"false", R/bits>>, T, N, S) -> continue(R, T, N + 5, S, false);
value(<<"null", R/bits>>, T, N, S) -> continue(R, T, N + 4, S, nil);
value(<<_/bits>>, _, N, _) -> error({unexpected, N}).

array(<<C, R/bits>>, T, N, S) when C =:= $\s; C =:= $\n -> array(R, T, N + 1, S);
array(<<$], R/bits>>, T, N, S) -> continue(R, T, N + 1, S, []);
array(R, T, N, S) -> value(R, T, N, [array, [] | S]).

object(<<C, R/bits>>, T, N, S) when C =:= $\s; C =:= $\n -> object(R, T, N + 1, S);
object(<<$}, R/bits>>, T, N, S) -> continue(R, T, N + 1, S, #{});
object(<<$", R/bits>>, T, N, S) -> string(R, T, N + 1, [key, [] | S], 0).

number(<<C, R/bits>>, T, N, S, L) when C >= $0, C =< $9 -> number(R, T, N, S, L + 1);
number(<<$., R/bits>>, T, N, S, L) -> fraction(R, T, N, S, L + 1);
number(R, T, N, S, L) -> continue(R, T, N + L, S, binary_to_integer(binary_part(T, N, L))).
fraction(<<C, R/bits>>, T, N, S, L) when C >= $0, C =< $9 -> fraction(R, T, N, S, L + 1);
fraction(R, T, N, S, L) -> continue(R, T, N + L, S, binary_to_float(binary_part(T, N, L))).

string(<<$", R/bits>>, T, N, S, L) -> continue(R, T, N + L + 1, S, binary_part(T, N, L));
string(<<$\\, R/bits>>, T, N, S, L) -> escape(R, T, N + L, S, [binary_part(T, N, L)]);
string(<<C, R/bits>>, T, N, S, L) when C < 128 -> string(R, T, N, S, L + 1);
string(<<C/utf8, R/bits>>, T, N, S, L) when C < 16#800 -> string(R, T, N, S, L + 2);
string(<<C/utf8, R/bits>>, T, N, S, L) when C < 16#10000 -> string(R, T, N, S, L + 3);
string(<<_/utf8, R/bits>>, T, N, S, L) -> string(R, T, N, S, L + 4).
parts(<<$", R/bits>>, T, N, S, A, L) -> continue(R, T, N + L + 1, S, iolist_to_binary([A | binary_part(T, N, L)]));
parts(<<$\\, R/bits>>, T, N, S, A, L) -> escape(R, T, N + L, S, [A | binary_part(T, N, L)]);
parts(<<C, R/bits>>, T, N, S, A, L) when C < 128 -> parts(R, T, N, S, A, L + 1);
parts(<<C/utf8, R/bits>>, T, N, S, A, L) when C < 16#800 -> parts(R, T, N, S, A, L + 2);
parts(<<_/utf8, R/bits>>, T, N, S, A, L) -> parts(R, T, N, S, A, L + 3).
escape(<<$n, R/bits>>, T, N, S, A) -> parts(R, T, N + 2, S, [A, $\n], 0);
escape(<<$t, R/bits>>, T, N, S, A) -> parts(R, T, N + 2, S, [A, $\t], 0);
escape(<<$r, R/bits>>, T, N, S, A) -> parts(R, T, N + 2, S, [A, $\r], 0);
escape(<<C, R/bits>>, T, N, S, A) -> parts(R, T, N + 2, S, [A, C], 0).

continue(R, T, N, [array | S], V) -> array_next(R, T, N, S, V);
continue(R, T, N, [key | S], V) -> key(R, T, N, S, V);
continue(R, T, N, [value | S], V) -> object_next(R, T, N, S, V);
continue(<<>>, _, _, [done], V) -> V.

array_next(<<C, R/bits>>, T, N, S, V) when C =:= $\s; C =:= $\n -> array_next(R, T, N + 1, S, V);
array_next(<<$,, R/bits>>, T, N, [A | S], V) -> value(R, T, N + 1, [array, [V | A] | S]);
array_next(<<$], R/bits>>, T, N, [A | S], V) -> continue(R, T, N + 1, S, lists:reverse(A, [V])).

key(<<C, R/bits>>, T, N, S, V) when C =:= $\s; C =:= $\n -> key(R, T, N + 1, S, V);
key(<<$:, R/bits>>, T, N, [A | S], V) -> value(R, T, N + 1, [value, [V | A] | S]).

object_next(<<C, R/bits>>, T, N, S, V) when C =:= $\s; C =:= $\n -> object_next(R, T, N + 1, S, V);
object_next(<<$,, R/bits>>, T, N, [[K | A] | S], V) -> object_key(R, T, N + 1, [key, [{K, V} | A] | S]);
object_next(<<$}, R/bits>>, T, N, [[K | A] | S], V) -> continue(R, T, N + 1, S, maps:from_list([{K, V} | A])).
object_key(<<C, R/bits>>, T, N, S) when C =:= $\s; C =:= $\n -> object_key(R, T, N + 1, S);
object_key(<<$", R/bits>>, T, N, S) -> string(R, T, N + 1, S, 0).

%% The encoder.
encode(V) -> (implementation(V))(V).
implementation(#{'__struct__' := M}) -> fun M:encode/1;
implementation(A) when is_atom(A) -> fun atom/1;
implementation(B) when is_binary(B) -> fun text/1;
implementation(I) when is_integer(I) -> fun integer_to_binary/1;
implementation(F) when is_float(F) -> fun(X) -> float_to_binary(X, [short]) end;
implementation(L) when is_list(L) -> fun list/1;
implementation(M) when is_map(M) -> fun map/1.
atom(nil) -> <<"null">>;
atom(true) -> <<"true">>;
atom(false) -> <<"false">>;
atom(A) -> text(atom_to_binary(A)).
list([]) -> <<"[]">>;
list([H | T]) -> [$[, encode(H) | rest(T)].
rest([]) -> [$]];
rest([H | T]) -> [$,, encode(H) | rest(T)].
map(M) ->
    case maps:to_list(M) of
        [] -> <<"{}">>;
        [{K, V} | T] -> [${, text(K), $:, encode(V) | pairs(T)]
    end.
pairs([]) -> [$}];
pairs([{K, V} | T]) -> [$,, text(K), $:, encode(V) | pairs(T)].
text(B) -> [$", plain(B, B, 0, 0, []), $"].
plain(<<C, R/bits>>, B, From, L, A) when C >= 32, C =/= $", C =/= $\\ -> plain(R, B, From, L + 1, A);
plain(<<C, R/bits>>, B, From, L, A) -> plain(R, B, From + L + 1, 0, [A, binary_part(B, From, L) | escaped(C)]);
plain(<<>>, B, 0, _, []) -> B;
plain(<<>>, B, From, L, A) -> [A | binary_part(B, From, L)].
escaped($\n) -> <<"\\n">>;
escaped($\t) -> <<"\\t">>;
escaped($\r) -> <<"\\r">>;
escaped(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
escaped(C) -> [$\\, C].
