%% Megabytes that 2,000 binaries of a megabyte hold at most, of which a process uses one at a time.
-module(gc_binaries).
-export([figures/0]).
figures() ->
    timer:sleep(200),
    Before = erlang:memory(binary),
    [{peak, max(1, (peak(2000, 0) - Before) div 1000000), "MB"}].
peak(0, Most) -> Most;
peak(N, Most) ->
    B = binary:copy(<<N>>, 1000000),
    true = byte_size(B) > 0,
    peak(N - 1, max(Most, erlang:memory(binary))).
