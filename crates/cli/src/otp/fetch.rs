//! Gets OTP's and Elixir's library files from Debian's packages into the cache, without root.
//!
//! A private apt (own lists, own cache) fetches the packages of one suite, `dpkg-deb` unpacks them into a new
//! directory, and a rename puts that in place: whoever sees the directory sees all of it. One fetch at a time
//! holds a lock; a broken one goes on with the packages that it already has. Called by `corten otp fetch`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::cache;
use super::find::{Elixir, Origin, Otp};
use crate::error::{CliError, Result, file};

/// Debian's release with OTP 27 and Elixir 1.18.
const SUITE: &str = "trixie";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const OTP_PACKAGES: &str = "base dev crypto ssl public-key asn1 syntax-tools parsetools inets runtime-tools tools \
    eunit common-test mnesia xmerl sasl os-mon ssh et edoc dialyzer snmp ftp tftp eldap reltool observer diameter \
    megaco odbc";
/// The scripts are what common_test's pages need: without them it does not start.
const OTHER_PACKAGES: &[&str] = &[
    "elixir",
    "rebar3",
    "libjs-jquery",
    "libjs-jquery-tablesorter",
];
/// What OTP's helper programs need where the host's C library is older than the suite's.
const LIBRARIES: &[&str] = &[
    "libc6",
    "libgcc-s1",
    "libstdc++6",
    "libtinfo6",
    "zlib1g",
    "libsystemd0",
    "libcap2",
];

pub fn fetch() -> Result<()> {
    let home = cache::fetched()?;
    fs::create_dir_all(&home).map_err(file("create", &home))?;
    let lock_file = home.join("lock");
    let lock = File::create(&lock_file).map_err(file("create", &lock_file))?;
    if lock.try_lock().is_err() {
        say("another corten is fetching; waiting for it");
        lock.lock().map_err(file("lock", &lock_file))?;
    }
    let root = home.join("root");
    if is_complete(&root) {
        say(&format!("OTP and Elixir are already at {}", root.display()));
        return Ok(());
    }
    for program in ["apt-get", "apt-cache", "dpkg-deb"] {
        if Command::new(program).arg("--version").output().is_err() {
            return Err(CliError::Says(format!(
                "there is no {program} here to fetch OTP with: install OTP 27 and Elixir 1.18 and set \
                 CORTEN_OTP_ROOT and CORTEN_ELIXIR_ROOT"
            )));
        }
    }
    let apt = Apt::set_up(home.join("work"))?;
    let packages = apt.existing(wanted())?;
    let debs = apt.download(&packages)?;
    let new = home.join("root.new");
    unpack(&debs, &new)?;
    make_helpers_run(&apt, &new, &root)?;
    put_in_place(&new, &root)?;
    let otp = Otp::at(&root.join("usr/lib/erlang"), Origin::Cache)?;
    let elixir = Elixir::at(&root.join("usr/lib/elixir"), Origin::Cache)?;
    // Only to save room.
    let _ = fs::remove_dir_all(home.join("work"));
    say(&format!(
        "OTP {} and Elixir {} are at {}",
        otp.version,
        elixir.version,
        root.display()
    ));
    Ok(())
}

fn is_complete(root: &Path) -> bool {
    Otp::at(&root.join("usr/lib/erlang"), Origin::Cache).is_ok()
        && Elixir::at(&root.join("usr/lib/elixir"), Origin::Cache).is_ok()
}

fn say(line: &str) {
    crate::err(&format!("corten: {line}\n"));
}

fn wanted() -> Vec<String> {
    let otp = OTP_PACKAGES
        .split_whitespace()
        .map(|name| format!("erlang-{name}"));
    otp.chain(OTHER_PACKAGES.iter().map(|name| name.to_string()))
        .collect()
}

/// An apt with a state of its own.
struct Apt {
    dir: PathBuf,
}

impl Apt {
    fn set_up(dir: PathBuf) -> Result<Apt> {
        for sub in ["lists/partial", "cache/archives/partial", "debs"] {
            let sub = dir.join(sub);
            fs::create_dir_all(&sub).map_err(file("create", &sub))?;
        }
        let apt = Apt { dir };
        let mirror = mirror()?;
        say(&format!(
            "reading the package lists of Debian {SUITE} from {mirror}"
        ));
        let signed = if Path::new(KEYRING).is_file() {
            format!("[signed-by={KEYRING}] ")
        } else {
            String::new()
        };
        let first = apt.update(&signed, &mirror)?;
        if first.status.success() {
            return Ok(apt);
        }
        let text = String::from_utf8_lossy(&first.stderr).into_owned();
        if !["NO_PUBKEY", "not signed", "EXPKEYSIG", "gpgv", "signature"]
            .iter()
            .any(|word| text.contains(word))
        {
            return Err(failed("apt-get update", &first));
        }
        say("this system's keys do not know the suite's signature: going on without checking it");
        let second = apt.update("[trusted=yes] ", &mirror)?;
        if second.status.success() {
            Ok(apt)
        } else {
            Err(failed("apt-get update", &second))
        }
    }

    fn update(&self, options: &str, mirror: &str) -> Result<Output> {
        let list = self.dir.join("sources.list");
        fs::write(&list, format!("deb {options}{mirror} {SUITE} main\n"))
            .map_err(file("write", &list))?;
        // Without this apt calls it a warning when nothing could be fetched.
        output(
            self.command("apt-get")
                .args(["-oAPT::Update::Error-Mode=any", "update"]),
        )
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let at = |name: &str| self.dir.join(name).display().to_string();
        command
            .arg("-q")
            .arg(format!("-oDir::Etc::sourcelist={}", at("sources.list")))
            .arg("-oDir::Etc::sourceparts=-")
            .arg(format!("-oDir::State::Lists={}", at("lists")))
            .arg(format!("-oDir::Cache={}", at("cache")))
            // The directories are ours, so apt's own user could not write into them.
            .arg("-oAPT::Sandbox::User=root")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    /// Those of the packages that the suite has, as its names change.
    fn existing(&self, wanted: Vec<String>) -> Result<Vec<String>> {
        let names = output(self.command("apt-cache").arg("pkgnames"))?;
        if !names.status.success() {
            return Err(failed("apt-cache pkgnames", &names));
        }
        let text = String::from_utf8_lossy(&names.stdout).into_owned();
        let known: BTreeSet<&str> = text.lines().collect();
        let existing: Vec<String> = wanted
            .into_iter()
            .filter(|name| known.contains(name.as_str()))
            .collect();
        for must in ["erlang-base", "elixir"] {
            if !existing.iter().any(|name| name == must) {
                return Err(CliError::Says(format!(
                    "the package lists of {SUITE} have no {must}"
                )));
            }
        }
        Ok(existing)
    }

    /// Downloads what is not there yet; apt checks the hashes of what is.
    fn download(&self, packages: &[String]) -> Result<Vec<PathBuf>> {
        say(&format!("downloading {} packages", packages.len()));
        let debs = self.dir.join("debs");
        let status = self
            .command("apt-get")
            .arg("download")
            .args(packages)
            .current_dir(&debs)
            .stdout(io::stderr())
            .status()
            .map_err(|error| program("apt-get download", &error))?;
        if !status.success() {
            return Err(CliError::Says(format!(
                "apt-get download ended with {status}; run it again to go on where it stopped"
            )));
        }
        let mut files: Vec<PathBuf> = fs::read_dir(&debs)
            .map_err(file("read", &debs))?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or("");
                name.ends_with(".deb")
                    && packages.iter().any(|p| name.starts_with(&format!("{p}_")))
            })
            .collect();
        files.sort();
        Ok(files)
    }
}

/// The mirror that this system itself uses.
fn mirror() -> Result<String> {
    if let Ok(mirror) = std::env::var("CORTEN_DEBIAN_MIRROR") {
        return Ok(mirror);
    }
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(parts) = fs::read_dir("/etc/apt/sources.list.d") {
        let mut parts: Vec<PathBuf> = parts.flatten().map(|entry| entry.path()).collect();
        parts.sort();
        files.extend(parts);
    }
    files
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|text| mirror_in(&text))
        .ok_or_else(|| {
            CliError::Says(
                "no Debian mirror is configured in /etc/apt: set CORTEN_DEBIAN_MIRROR to its URL"
                    .into(),
            )
        })
}

/// The first address of a Debian archive in a source list of either format.
fn mirror_in(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim_start);
    let words = lines
        .filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"))
        .flat_map(str::split_whitespace);
    words
        .map(|word| word.trim_end_matches('/'))
        .find(|word| word.contains("://") && word.ends_with("/debian"))
        .map(String::from)
}

fn unpack(debs: &[PathBuf], new: &Path) -> Result<()> {
    if new.exists() {
        fs::remove_dir_all(new).map_err(file("remove", new))?;
    }
    fs::create_dir_all(new).map_err(file("create", new))?;
    say(&format!("unpacking {} packages", debs.len()));
    for deb in debs {
        let done = output(Command::new("dpkg-deb").arg("-x").arg(deb).arg(new))?;
        if !done.status.success() {
            return Err(failed(&format!("dpkg-deb -x {}", deb.display()), &done));
        }
    }
    Ok(())
}

/// OTP's helper programs are C programs of the suite. Where the host's C library is too old for them, they get
/// the suite's own: each is moved aside and a script in its place starts it with that library.
fn make_helpers_run(apt: &Apt, new: &Path, root: &Path) -> Result<()> {
    let otp = Otp::at(&new.join("usr/lib/erlang"), Origin::Cache)?;
    if runs_here(&otp.bindir.join("inet_gethost"), &[])
        && runs_here(&otp.bindir.join("beam.smp"), &["-V"])
    {
        return Ok(());
    }
    say(
        "OTP's helper programs need other C libraries than this system's: getting those of the packages",
    );
    let names: Vec<String> = LIBRARIES.iter().map(|name| name.to_string()).collect();
    let libs = new.join("libs");
    fs::create_dir_all(&libs).map_err(file("create", &libs))?;
    for deb in apt.download(&names)? {
        let done = output(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(&libs))?;
        if !done.status.success() {
            return Err(failed("dpkg-deb -x", &done));
        }
    }
    let (loader, dirs) = loader_and_dirs(&libs)
        .ok_or_else(|| CliError::Says(format!("no dynamic loader in {}", libs.display())))?;
    // Scripts must name the place where the tree will be.
    let later = |path: &Path| root.join(path.strip_prefix(new).unwrap_or(path));
    let path: Vec<String> = dirs
        .iter()
        .map(|dir| later(dir).display().to_string())
        .collect();
    let aside = otp.bindir.join("../programs");
    fs::create_dir_all(&aside).map_err(file("create", &aside))?;
    for entry in fs::read_dir(&otp.bindir)
        .map_err(file("read", &otp.bindir))?
        .flatten()
    {
        let (helper, name) = (entry.path(), entry.file_name());
        let is_program = fs::read(&helper).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"));
        if !is_program {
            continue;
        }
        let moved = aside.join(&name);
        fs::rename(&helper, &moved).map_err(file("move", &helper))?;
        let script = format!(
            "#!/bin/sh\nexec {} --argv0 \"$0\" --library-path {} {} \"$@\"\n",
            later(&loader).display(),
            path.join(":"),
            later(&otp.bindir).join("../programs").join(&name).display()
        );
        fs::write(&helper, script).map_err(file("write", &helper))?;
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755))
            .map_err(file("make executable", &helper))?;
    }
    Ok(())
}

/// Does the dynamic linker find all that the program needs? It complains on standard error, in these words.
fn runs_here(program: &Path, args: &[&str]) -> bool {
    let done = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output();
    let complaints = ["GLIBC", "error while loading shared libraries"];
    done.is_ok_and(|done| {
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        !complaints.iter().any(|complaint| text.contains(complaint))
    })
}

/// The dynamic loader below a directory, and every directory there with a shared library.
fn loader_and_dirs(dir: &Path) -> Option<(PathBuf, BTreeSet<PathBuf>)> {
    let (mut loader, mut dirs, mut todo) = (None, BTreeSet::new(), vec![dir.to_path_buf()]);
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).ok()?.flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                todo.push(path);
            } else if name.starts_with("ld-linux")
                && fs::canonicalize(&path).is_ok_and(|real| real.starts_with(&dir))
            {
                loader = Some(path);
            } else if name.contains(".so")
                && !path.components().any(|part| part.as_os_str() == "gconv")
            {
                dirs.insert(dir.clone());
            }
        }
    }
    Some((loader?, dirs))
}

fn put_in_place(new: &Path, root: &Path) -> Result<()> {
    let old = root.with_extension("old");
    if root.exists() {
        let _ = fs::remove_dir_all(&old);
        fs::rename(root, &old).map_err(file("move", root))?;
    }
    fs::rename(new, root).map_err(file("move", new))?;
    // Only room; nothing refers to it any more.
    let _ = fs::remove_dir_all(&old);
    Ok(())
}

fn output(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| program(&name, &error))
}

fn program(name: &str, error: &io::Error) -> CliError {
    CliError::Program {
        program: name.into(),
        problem: error.to_string(),
    }
}

/// One line from what a program complained about: its first error, else its last line.
fn failed(what: &str, done: &Output) -> CliError {
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    let line = text
        .lines()
        .find(|line| line.starts_with("E:"))
        .or_else(|| text.lines().last())
        .unwrap_or("no reason given");
    CliError::Program {
        program: what.into(),
        problem: line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::mirror_in;

    #[test]
    fn finds_the_mirror_in_both_formats() {
        let new = "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: x\n\nURIs: http://mirror.example/debian/\n";
        assert_eq!(
            mirror_in(new).as_deref(),
            Some("http://mirror.example/debian")
        );
        let old = "# deb http://no.example/debian x\ndeb [arch=amd64] http://mirror.example/debian x main\n";
        assert_eq!(
            mirror_in(old).as_deref(),
            Some("http://mirror.example/debian")
        );
        assert_eq!(mirror_in("deb https://other.example/linux x main"), None);
    }
}
