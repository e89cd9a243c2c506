//! The program as its users start it, with an OTP and an Elixir that are only directories.
//!
//! `ERL_FLAGS=-emu_args_exit` makes it print the emulator's arguments instead of starting a node.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Place {
    dir: PathBuf,
}

impl Place {
    fn new(name: &str) -> Place {
        let dir =
            std::env::temp_dir().join(format!("corten-program-{name}-{}", std::process::id()));
        let place = Place { dir };
        place.file("otp/erts-15.2.7/bin/erl", "#!/bin/sh\n");
        place.file("otp/releases/27/OTP_VERSION", "27.3.4\n");
        place.file("otp/lib/erts-15.2.7/ebin/erl_init.beam", "");
        place.file(
            "elixir/lib/elixir/ebin/elixir.app",
            "{application,elixir,[{vsn,\"1.18.3\"}]}.",
        );
        place.file("elixir/bin/mix", "#!/usr/bin/env elixir\n");
        // As the real one: a shell script that executes whatever `erl` is on PATH.
        place.file(
            "elixir/bin/elixir",
            "#!/bin/sh\nexec erl -s elixir start_cli -extra \"$@\"\n",
        );
        place
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    fn path(&self, path: &str) -> String {
        self.dir
            .join(path)
            .canonicalize()
            .expect("a path")
            .display()
            .to_string()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", "/h")
            .env("XDG_CACHE_HOME", self.dir.join("cache"))
            .env("CORTEN_OTP_ROOT", self.dir.join("otp"))
            .env("CORTEN_ELIXIR_ROOT", self.dir.join("elixir"))
            .env("ERL_FLAGS", "-emu_args_exit");
        command
    }

    fn corten(&self, args: &[&str]) -> Output {
        self.command(Path::new(env!("CARGO_BIN_EXE_corten")))
            .args(args)
            .output()
            .expect("the program runs")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn words(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn line(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_string()
}

#[test]
fn every_tool_starts_the_emulator() {
    let place = Place::new("tools");
    let root = place.path("otp");
    let node =
        format!("-- -root {root} -bindir {root}/erts-15.2.7/bin -progname erl -- -home /h --");
    assert_eq!(
        words(&place.corten(&["erl", "+S", "1", "-x"])),
        format!("-S 1 {node} -x -- --")
    );
    assert!(
        words(&place.corten(&["erlc", "a.erl"])).ends_with("compile_cmdline -- -- -- -extra a.erl")
    );
    let elixir = format!("{node} -s elixir start_cli -- -- -- -extra");
    assert_eq!(
        words(&place.corten(&["elixir", "-e", "1"])),
        format!("{elixir} -e 1")
    );
    let mix = place.path("elixir/bin/mix");
    assert_eq!(
        words(&place.corten(&["mix", "test"])),
        format!("{elixir} {mix} test")
    );

    place.file(
        "script",
        "#!/usr/bin/env escript\n%%! +A 3\nmain(_) -> ok.\n",
    );
    let script = place.path("script");
    let escript = format!(
        "-B -A 3 {node} -noshell -boot no_dot_erlang -run escript start -- -- -- -extra {script} a"
    );
    assert_eq!(words(&place.corten(&["escript", &script, "a"])), escript);
}

#[test]
fn a_link_is_the_tool_of_its_name() {
    let place = Place::new("links");
    let link = place.dir.join("erl");
    symlink(env!("CARGO_BIN_EXE_corten"), &link).expect("a link");
    let output = place
        .command(&link)
        .arg("-y")
        .output()
        .expect("the link runs");
    assert!(words(&output).ends_with("-y -- --"));
}

#[test]
fn a_node_is_told_from_a_command_by_its_arguments() {
    let place = Place::new("node");
    let root = place.path("otp");
    let bindir = format!("{root}/erts-15.2.7/bin");
    // The name is that of a script, as after `escript`; the flag is wrong, so it ends before there is a node.
    let output = Command::new("/bin/bash")
        .args([
            "-c",
            "exec -a /some/script \"$@\"",
            "-",
            env!("CARGO_BIN_EXE_corten"),
            "-zz",
        ])
        .args([
            "--",
            "-root",
            &root,
            "-bindir",
            &bindir,
            "-progname",
            "erl",
            "--",
            "--",
        ])
        .output()
        .expect("bash runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.starts_with("bad -z option -zz\nUsage: script [flags]"),
        "{text}"
    );
}

#[test]
fn shows_the_version_and_what_it_found() {
    let place = Place::new("otp");
    let corten = Path::new(env!("CARGO_BIN_EXE_corten"));
    let version = place
        .command(corten)
        .env_remove("ERL_FLAGS")
        .args(["erl", "-version"])
        .output()
        .expect("it runs");
    assert!(version.status.success());
    let expected = "Erlang (SMP,ASYNC_THREADS) (BEAM) emulator version 15.2.7\n";
    assert_eq!(String::from_utf8_lossy(&version.stderr), expected);
    let listed = words(&place.corten(&["otp"]));
    assert!(listed.starts_with("OTP 27.3.4 (erts 15.2.7)"), "{listed}");
    assert!(listed.contains("Elixir 1.18.3"), "{listed}");
}

#[test]
fn mistakes_get_one_line() {
    let place = Place::new("mistakes");
    for (args, said) in [
        (&["nonsense"][..], "corten: no such command: \"nonsense\""),
        (&["escript"][..], "corten: escript: Missing filename"),
        (
            &["escript", "/nonexistent"][..],
            "corten: escript: Failed to open file: /nonexistent",
        ),
        (
            &["disasm", "/nonexistent"][..],
            "corten: cannot read /nonexistent",
        ),
        (&["swap", "/"][..], "corten: / is without erts-VERSION/bin"),
    ] {
        let said_then = line(&place.corten(args));
        assert!(said_then.starts_with(said), "{said_then}");
    }
    place.file("bad.beam", "FOR1 this is no module");
    assert!(line(&place.corten(&["disasm", &place.path("bad.beam")])).starts_with("corten: "));
    fs::remove_dir_all(place.dir.join("otp")).expect("removed");
    assert!(line(&place.corten(&["erl"])).starts_with("corten: cannot find OTP at"));
}
