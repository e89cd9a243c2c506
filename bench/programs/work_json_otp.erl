%% JSON through OTP's own module: documents of a web service, decoded and encoded again.
-module(work_json_otp).
-export([run/0, documents/0]).
run() ->
    Text = iolist_to_binary(json:encode(documents())),
    L = [iolist_to_binary(json:encode(json:decode(Text))) || _ <- lists:seq(1, 4)],
    {byte_size(Text), [erlang:crc32(B) || B <- L]}.

documents() ->
    [#{<<"id">> => I,
       <<"uuid">> => <<"6fa459ea-ee8a-3ca4-894e-db77e160355e">>,
       <<"name">> => <<"User number ", (integer_to_binary(I))/binary>>,
       <<"email">> => <<"user.", (integer_to_binary(I * 7919))/binary, "@example.com">>,
       <<"active">> => I rem 3 =/= 0,
       <<"manager">> => null,
       <<"balance">> => I * 1.25,
       <<"about">> => <<"Line one.\nA \"quoted\" word, a tab\tand caf\x{e9} \x{65e5}\x{672c} for ever and ever; nothing more to be said about it."/utf8>>,
       <<"tags">> => [<<"alpha">>, <<"beta">>, <<"gamma">>],
       <<"position">> => #{<<"lat">> => 52.5 + I / 1000, <<"lon">> => -13.25, <<"accuracy">> => 10},
       <<"history">> => [#{<<"at">> => 1700000000 + I * J, <<"event">> => <<"login">>} || J <- [1, 2, 3]]}
     || I <- lists:seq(1, 250)].
