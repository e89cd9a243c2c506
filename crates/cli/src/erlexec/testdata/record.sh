#!/usr/bin/env bash
# record.sh ERLEXEC: runs OTP's own erlexec on every case below with a beam.smp that prints its argv, and
# writes what it did to recorded.txt, which the tests of erlexec hold the Rust version against.
# Run it in crates/cli. In the recording: $ VARIABLE=VALUE, > argument, < argument of the emulator,
# P the PATH and C the COLOUR that it sees, ! first line of standard error, O standard output, = exit status.
set -euo pipefail
erlexec=$1
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
cat > "$bin/beam.smp" <<'BEAM'
#!/bin/bash
for arg; do printf '< %s\n' "$arg"; done
printf 'P %s\nC %s\n' "$PATH" "${COLOUR-}"
BEAM
printf '#!/bin/sh\n' > "$bin/epmd"
chmod +x "$bin/beam.smp" "$bin/epmd"

one() { # [VARIABLE=VALUE …] -- [argument …]
  local vars=(HOME=/h PATH=/usr/bin:/bin) status=0 v
  echo "case"
  while [ "$1" != -- ]; do vars+=("$1"); printf '$ %s\n' "$1"; shift; done
  shift
  for v; do printf '> %s\n' "$v"; done
  env -i "${vars[@]}" ROOTDIR=/r BINDIR="$bin" EMU=beam PROGNAME=erl "$erlexec" "$@" \
    > "$bin/out" 2> "$bin/err" || status=$?
  if grep -q '^P ' "$bin/out"; then cat "$bin/out"; else sed 's/^/O /' "$bin/out"; fi
  head -1 "$bin/err" | sed 's/^/! /'
  echo "= $status"
}

cases() {
  one --
  one -- -noshell -eval 'halt().'
  one -- +S 2:2 -noshell -eval 'X = "a b".'
  one -- -version
  one -- -noinput -pa dir
  one -- -configfd 0
  one -- -configfd 5
  one -- -env COLOUR 'dark red' -s m f a
  one -- -env COLOUR
  one -- -args_file src/erlexec/testdata/vm.args -s x
  one -- -args_file src/erlexec/testdata/none.args
  one -- -args_file
  one -- -extra +S 1 -- -noshell
  one -- -s m -extra
  one -- -S mix test -- -x
  one -- -noshell -- +A 5 -- -x
  one 'ERL_FLAGS=+S 1 -kernel x 1' -- -noshell
  one 'ERL_AFLAGS=-a1' 'ERL_FLAGS=-f1' 'ERL_ZFLAGS=-z1' 'ERL_OTP27_FLAGS=-o1' -- -cmd
  one 'ERL_AFLAGS=-x -extra q r' 'ERL_ZFLAGS=-S not' -- -cmd -extra c
  one 'ERL_FLAGS=-only' --
  one 'ERL_FLAGS=  ' -- -x
  one ERL_EPMD_PORT=4444 -- -x
  one ESCRIPT_NAME=/some/script -- -x
  one PATH=/x:/r/bin:/y -- -x
  one PATH=/x::/r/bin -- -x
  one -- -sname n -setcookie c
  one -- -name
  one -- -name n -start_epmd maybe
  one -- -no_epmd
  one -- -no_epmd -proto_dist none
  one -- -make ignored
  one -- -compile a b
  one -- -emu_name_exit
  one -- -emu_args_exit +A 2 -x
  one -- -emu_qouted_cmd_exit -x
  one -- -emu_args -x
  one -- -smp disable
  one -- -smp auto -x
  one -- -emu_flavor
  one -- -emu_type foo -x
  one -- +zz -x
  one -- +b
  one -- +K true +P 1000 +Q1000 +t 5 +e 5 +ec +A0 +a 20 +C multi_time_warp +i init +n s +T 3 +R 26 +W w
  one -- +c true +c +cfalse +c x
  one -- +B +B i +Bd +B c +Bi
  one -- +Bq
  one -- +hms 5 +h 7 +hmax 0 +hmaxk true +hmqd off_heap +hpds 9 +hms5 +hxx
  one -- +r +rg 5 +rg5
  one -- +sbt db +sbwt none +sbwtdcpu none +sbwtdio none +scl false +sct L0 +secio true +sfwi 5 +stbt u +swct lazy
  one -- +swt low +swtdcpu low +swtdio low +sws legacy +sss 50 +sssdcpu 50 +sssdio 50 +spp true +sub true +ssrct
  one -- +zdbbl 5 +zdntgc 5 +zebwt none +zosrl 6 +zhft 5
  one -- +pc unicode +pad true +pcx
  one -- +fnu +fnai +L +d +dcg 5 +v +V
  one -- +IOt 4 +IOp 2 +IOPt 50 +IOPp 50 +IOs true +IOt4
  one -- +IOx 1
  one -- +JPperf true +JMsingle true
  one -- +J
  one -- +SP 50:50 +SDcpu 2:1 +SDPcpu 50 +SDio 5 +SDio5 +S4 +SP50
  one -- +SDx 1
  one -- +S
  one -- +S -- x
  one -- +MBas aobf +Mea max +Musac true +MHsbct512 +Mlpm no +MMscs 5 +Mdai 2 +MIscs 5 +Mzz +MAas x +Mis x
  one -- -detachedx -emu_argsx -x +
  one -- ++foo plain -
  one -- -keep_window -nohup -x
}
cases | sed "s|$bin|/b|g" > src/erlexec/testdata/recorded.txt
