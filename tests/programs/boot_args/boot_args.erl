-module(boot_args).
-include("t.hrl").
main() ->
    ?P(init:get_plain_arguments()),
    ?P(is_list(init:get_arguments())),
    ?P(init:get_argument(nosuchflag)).
