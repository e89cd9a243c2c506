%% Logger output through the default handler's formatter, without times and pids.
-module(otp_logger).
-export([log/2, filter/2]).
-include("t.hrl").
main() ->
    ok = logger:remove_handler(default), ok = logger:add_handler(h, logger_std_h, #{config => #{type => {file, "log"}}, formatter => {logger_formatter, #{template => ["[", level, "] ", {dom, [dom], ["nodom"]}, " ", msg, "\n"], single_line => false}}}),
    logger:error("plain ~p", [1]), logger:warning("string"), logger:notice(#{a => 1}), logger:info("not shown"), logger:set_primary_config(level, debug), logger:debug("now shown ~ts", ["λ"]), logger:info([{k, v}, {s, "str"}]), logger:alert("with meta", #{dom => here}), logger:log(critical, fun(X) -> {"lazy ~p", [X]} end, arg), logger:emergency("multi~nline"), logger:error("bad ~q", [x]), logger:set_module_level(?MODULE, error), logger:warning("api calls carry no module"),
    ?P(logger:get_module_level(?MODULE)), logger:unset_module_level(?MODULE),
    ?P(logger:compare_levels(error, info)),
    ?P(logger:allow(debug, ?MODULE)),
    ?P(element(2, logger:get_handler_config(nonesuch))), ok = logger:add_handler(me, ?MODULE, #{level => error, filter_default => log}), logger:error("to both"), logger:info("to one"), ok = logger:add_handler_filter(me, f, {fun ?MODULE:filter/2, stop}), logger:error("filtered stop me"), ok = logger:remove_handler_filter(me, f), ok = logger:remove_handler(me), logger:set_process_metadata(#{dom => procmeta}), logger:notice("uses process metadata"),
    ?P(logger:get_process_metadata()), logger:update_process_metadata(#{x => y}), logger:unset_process_metadata(), error_logger:error_msg("old api ~p~n", [x]), error_logger:info_report([{a, 1}]), ok = logger:update_formatter_config(h, single_line, true), logger:error("one~nline~p", [[a, b]]), ok = logger:update_formatter_config(h, depth, 5), logger:error("depth ~p", [lists:seq(1, 100)]), ok = logger:update_formatter_config(h, #{chars_limit => 30, depth => unlimited}), logger:error("limit ~p", [lists:seq(1, 100)]), ok = logger:update_formatter_config(h, #{chars_limit => unlimited}), ok = logger:update_handler_config(h, level, critical), logger:error("below handler level"), ok = logger:update_handler_config(h, level, all), P = proc_lib:spawn(fun() -> exit({shutdown, quiet}) end), M = monitor(process, P), receive {'DOWN', M, _, _, _} -> ok end, ?P(logger:get_primary_config()),
    ?P(lists:sort(logger:get_handler_ids())),
    ?P(logger_formatter:format(#{level => info, msg => {"~p", [x]}, meta => #{time => 0, pid => self()}}, #{template => [time, " ", level, " ", msg], time_offset => "Z", time_designator => $T}) =/= x),
    ?P(lists:flatten(logger_formatter:format(#{level => info, msg => {string, "s"}, meta => #{time => 0}}, #{template => [time, " ", level, " ", msg], time_offset => "Z", time_designator => $T}))),
    ok = logger_std_h:filesync(h),
    {ok, Log} = file:read_file("log"),
    io:put_chars(Log).
log(#{level := L, msg := M}, _) -> io:format("handler got ~p ~0p~n", [L, M]).
filter(#{msg := {string, "filtered" ++ _}}, stop) -> stop;
filter(E, _) -> E.