#!/usr/bin/env bash
# record.sh [FILTER...]: records what the reference engine prints as the expected output of the programs.
# REF_ERL is the reference's `erl` (default: erl on PATH); review the difference before committing it.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RECORD=1 ENGINE_ELIXIR= REF_ERLC= ENGINE_ERL=${REF_ERL:-erl} exec "$here/run.sh" "$@"
