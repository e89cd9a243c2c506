//! What can go wrong before a node runs; each becomes one line on standard error and exit status 1.

use std::fmt;
use std::io;
use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, CliError>;

#[derive(Debug)]
pub enum CliError {
    /// The emulator does not know which installation it belongs to.
    NoBindir,
    NotErts(PathBuf),
    NoPreloaded {
        erts_version: String,
        root: PathBuf,
    },
    /// No supported OTP or Elixir, and fetching is the remedy.
    NotFound {
        what: &'static str,
        tried: Vec<String>,
    },
    Unsupported {
        what: PathBuf,
        found: String,
        wanted: String,
    },
    /// An operation on a file failed.
    File {
        doing: &'static str,
        path: PathBuf,
        error: io::Error,
    },
    /// Another program could not be started or failed.
    Program {
        program: String,
        problem: String,
    },
    /// Wrong use of a subcommand; the text says what is right.
    Usage(String),
    /// Anything else that one line explains.
    Says(String),
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CliError::NoBindir => {
                write!(
                    f,
                    "cannot tell which OTP to boot: start through `corten erl`, or set BINDIR to ROOT/erts-VERSION/bin"
                )
            }
            CliError::NotErts(dir) => {
                write!(
                    f,
                    "{} is not the bin directory of a run-time system (ROOT/erts-VERSION/bin)",
                    dir.display()
                )
            }
            CliError::NoPreloaded { erts_version, root } => write!(
                f,
                "the preloaded modules (erl_init.beam …) of erts {erts_version} are missing: \
                 neither {0}/erts-{erts_version}/ebin nor {0}/lib/erts-{erts_version}/ebin has them",
                root.display()
            ),
            CliError::NotFound { what, tried } => {
                write!(
                    f,
                    "no supported {what} found ({}); `corten otp fetch` gets one",
                    tried.join("; ")
                )
            }
            CliError::Unsupported {
                what,
                found,
                wanted,
            } => {
                write!(f, "{} is {found}, but {wanted} is needed", what.display())
            }
            CliError::File { doing, path, error } => {
                write!(f, "cannot {doing} {}: {error}", path.display())
            }
            CliError::Program { program, problem } => write!(f, "{program}: {problem}"),
            CliError::Usage(text) | CliError::Says(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for CliError {}

/// For `map_err`: which operation on which file failed.
pub fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> CliError {
    let path = path.into();
    move |error| CliError::File { doing, path, error }
}
