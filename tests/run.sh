#!/usr/bin/env bash
# run.sh [FILTER...]: runs the black-box programs whose name contains one of the filters (default: all)
# on the engine under test and compares standard output and exit status with what was recorded.
#
#   ENGINE_ERL     an `erl`-like command, several words allowed (default: erl), e.g. "corten erl"
#   ENGINE_ELIXIR  an `elixir`-like command (default: ENGINE_ERL started the way `elixir` does it)
#   ELIXIR_LIB     Elixir's lib directory (default: found beside `elixir` on PATH or in the usual places)
#   REF_ERLC       an `erlc` of another engine: compile with that one instead of the engine under test
#   TEST_JOBS      programs at a time (default 2);  TEST_TIMEOUT  seconds for each (default 60)
#   RECORD=1       record what the engine prints instead of comparing (record.sh sets this)
#
# A program is a directory programs/NAME with NAME.erl (its main/0 is run) or NAME.exs, and
#   output          what standard output must be, byte for byte
#   status          exit status (default 0)
#   args            one argument per line, passed as plain arguments
#   flags           emulator flags, one word per line
#   stdin           standard input (default: empty)
#   release         the OTP release that it needs at least; it runs with the libraries at CORTEN_NEWER_OTP_ROOT
#                   (and is skipped if that is not set), recording needs a REF_ERL of that release
#   known_failure   why it fails today; the run fails when it passes, so that the file gets removed
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export TEST_ROOT=${here%/*} LC_ALL=C.UTF-8 TZ=UTC ERL_CRASH_DUMP_SECONDS=0 TERM=dumb
export ENGINE_ERL=${ENGINE_ERL:-erl} ENGINE_ELIXIR=${ENGINE_ELIXIR:-} REF_ERLC=${REF_ERLC:-}
export TEST_TIMEOUT=${TEST_TIMEOUT:-60} RECORD=${RECORD:-}

find_elixir() { # prints the directory that holds elixir/ebin, eex/ebin, ...
  local c p
  if p=$(command -v elixir) && p=$(readlink -f "$p") && [ -d "${p%/bin/elixir}/lib/elixir/ebin" ]; then
    echo "${p%/bin/elixir}/lib"; return
  fi
  for c in /usr/lib/elixir/lib /usr/local/lib/elixir/lib; do
    [ -d "$c/elixir/ebin" ] && { echo "$c"; return; }
  done
}

one() { # one NAME: runs one program; its lines of the report go to standard output
  local name=$1 dir=$here/programs/$1 work=$TEST_TMP/$1 got want_status status=0
  local -a cmd args=() flags=()
  local -a erl; read -ra erl <<<"$ENGINE_ERL"
  if [ -f "$dir/release" ] && [ -z "$RECORD" ]; then
    if [ -z "${CORTEN_NEWER_OTP_ROOT:-}" ]; then
      echo "skip $name: needs OTP $(<"$dir/release") (set CORTEN_NEWER_OTP_ROOT to its directory)"; return
    fi
    export CORTEN_OTP_ROOT=$CORTEN_NEWER_OTP_ROOT; unset CORTEN_ELIXIR_ROOT
  fi
  mkdir -p "$work" && cp -r "$dir/." "$work/" && cp "$here/include/t.hrl" "$work/" && cd "$work" || return
  [ -f flags ] && mapfile -t flags < flags
  [ -f args ] && mapfile -t args < args
  : > .no_input; local input=.no_input; [ -f stdin ] && input=stdin
  if [ -f "$name.exs" ]; then
    if [ -n "$ENGINE_ELIXIR" ]; then read -ra cmd <<<"$ENGINE_ELIXIR"
    elif [ -z "${ELIXIR_LIB:-}" ]; then echo "skip $name: no Elixir found (set ELIXIR_LIB)"; return
    else cmd=("${erl[@]}" -noshell -elixir_root "$ELIXIR_LIB" -pa "$ELIXIR_LIB/elixir/ebin" -s elixir start_cli -extra)
    fi
    cmd+=("$name.exs" "${args[@]}")
  else
    if [ -n "$REF_ERLC" ]; then $REF_ERLC +debug_info "$name.erl" > .compile 2>&1
    else
      timeout -s KILL "$TEST_TIMEOUT" "${erl[@]}" -noshell -eval \
        "R = compile:file(\"$name.erl\", [debug_info, report_errors]), halt(case R of {ok, _} -> 0; _ -> 1 end)." \
        > .compile 2>&1 < /dev/null
    fi
    if [ ! -f "$name.beam" ]; then report "$name" "does not compile" .compile; return; fi
    cmd=("${erl[@]}" "${flags[@]}" -noshell -pa . -s "$name" main -s erlang halt -extra "${args[@]}")
  fi
  timeout -s KILL "$TEST_TIMEOUT" "${cmd[@]}" < "$input" > .got 2> .err || status=$?
  if [ -n "$RECORD" ]; then
    cp .got "$dir/output"
    if [ $status -ne 0 ]; then echo $status > "$dir/status"; else rm -f "$dir/status"; fi
    echo "recorded $name$([ $status -ne 0 ] && echo " (status $status)")"; return
  fi
  want_status=0; [ -f status ] && want_status=$(<status)
  if [ $status -eq 124 ] || [ $status -eq 137 ]; then
    diff -u --label expected --label got output .got > .diff; report "$name" "no end after ${TEST_TIMEOUT}s" .diff .err
  elif ! diff -u --label expected --label got output .got > .diff; then
    report "$name" "output differs (status $status)" .diff .err
  elif [ "$status" != "$want_status" ]; then
    report "$name" "status $status instead of $want_status" .err
  elif [ -f known_failure ]; then
    echo "FAIL $name: passes now, remove its known_failure file"
  else echo "pass $name"
  fi
}

report() { # report NAME REASON FILE...: a failure with the beginning of each file
  if [ -f known_failure ]; then echo "known $1: $2 ($(head -1 known_failure))"; return; fi
  { echo "FAIL $1: $2"; shift 2; for f in "$@"; do head -c 4000 "$f" | head -40 | sed 's/^/    /'; echo; done; } > .report
  cat .report
}

if [ "${1:-}" = --one ]; then one "$2" > "$TEST_TMP/$2.result" 2>&1; cat "$TEST_TMP/$2.result" | grep -v '^pass ' ; exit 0; fi

TEST_TMP=$(mktemp -d); export TEST_TMP; trap 'rm -rf "$TEST_TMP"' EXIT
export ELIXIR_LIB=${ELIXIR_LIB:-$(find_elixir)}
names=()
for d in "$here"/programs/*/; do
  n=$(basename "$d"); [ $# -eq 0 ] && names+=("$n")
  for f in "$@"; do [[ $n == *"$f"* ]] && { names+=("$n"); break; }; done
done
[ ${#names[@]} -gt 0 ] || { echo "no program matches: $*"; exit 2; }
printf '%s\n' "${names[@]}" | xargs -P "${TEST_JOBS:-2}" -n 1 bash "${BASH_SOURCE[0]}" --one
[ -n "$RECORD" ] && exit 0
count() { grep -l "^$1 " "$TEST_TMP"/*.result | wc -l; }
passed=$(count pass) failed=$(count FAIL) known=$(count known) skipped=$(count skip)
echo "$passed passed, $failed failed$([ "$known" -gt 0 ] && echo ", $known known failures")$([ "$skipped" -gt 0 ] && echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
