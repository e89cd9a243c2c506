%% Keys of a small map come in the order in which their atoms were made: those that the engine knows before it loads any
%% code are in the same order everywhere.
-module(map_known_atoms).
-export([main/0]).

main() ->
    Names = [sleep, other, 'Host', 'Accept', 'Cookie', tcp, udp, linger, once, mode, buffer, error, timeout, linux, unix,
             aux, gc, check_io, zlib, empty, 'Connection', 'Content-Length', established, sendfile, inet, ttl, prim_tty],
    io:format("~p~n", [maps:keys(maps:from_keys(Names, 0))]).
