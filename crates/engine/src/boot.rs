//! From nothing to a running node: tables, preloaded modules, the first processes, the schedulers.
//!
//! Called once by the command line (or an embedding program). What happens afterwards is up to OTP's own
//! `erl_init` and `init`.

use crate::bif::Bif;
use crate::node::{self, Config};
use crate::process::spawn::{self, SpawnOptions};
use crate::{Process, code, halt, sched};
use corten_term::{Atom, Heap, Pid, Term, am};
use std::fmt;
use std::path::{Path, PathBuf};

/// The modules that are there before any code can be loaded, in the order of the reference engine.
pub const PRELOADED: [&str; 22] = [
    "erts_code_purger",
    "erl_init",
    "init",
    "prim_buffer",
    "prim_eval",
    "prim_inet",
    "prim_file",
    "zlib",
    "socket_registry",
    "prim_socket",
    "prim_net",
    "prim_zip",
    "erl_prim_loader",
    "erlang",
    "erts_internal",
    "erl_tracer",
    "erts_literal_area_collector",
    "erts_trace_cleaner",
    "erts_dirty_process_signal_handler",
    "atomics",
    "counters",
    "persistent_term",
];

/// Why the node could not start.
#[derive(Debug)]
pub enum BootError {
    /// A preloaded module's file cannot be read.
    Unreadable(PathBuf, std::io::Error),
    /// A preloaded module's file is not one that can be loaded.
    Unloadable(PathBuf, String),
    /// The operating system gives no threads.
    NoThread(std::io::Error),
    /// The first processes could not be made.
    NoProcess(&'static str),
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::Unreadable(path, e) => write!(
                f,
                "cannot read the preloaded module {}: {e}",
                path.display()
            ),
            BootError::Unloadable(path, e) => write!(
                f,
                "cannot load the preloaded module {}: {e}",
                path.display()
            ),
            BootError::NoThread(e) => write!(f, "cannot start the scheduler threads: {e}"),
            BootError::NoProcess(name) => write!(f, "cannot make the process {name}"),
        }
    }
}

impl std::error::Error for BootError {}

/// Called with the first process's identifier before it runs: ports have an owner from the start.
static FIRST: std::sync::OnceLock<fn(Pid)> = std::sync::OnceLock::new();

/// Sets what is called before the first process runs.
pub fn before_first_process(f: fn(Pid)) {
    // The first one stays.
    let _ = FIRST.set(f);
}

/// Starts the node; returns once the schedulers run. `tables` are the native functions of each room.
pub fn start(config: Config, tables: &[&'static [Bif]]) -> Result<(), BootError> {
    halt::install();
    let node = node::init(config, tables);
    corten_term::reference::seed(reference_seed());
    preload(Path::new(&node.config.preloaded_dir))?;
    first_processes(&node.config)?;
    sched::start().map_err(BootError::NoThread)
}

/// Where references start: elsewhere in each life of a node, so that one that was written down is not met again.
fn reference_seed() -> u64 {
    let now = crate::time::os_system() as u64;
    now.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 8
}

fn preload(dir: &Path) -> Result<(), BootError> {
    for name in PRELOADED {
        let path = dir.join(format!("{name}.beam"));
        let bytes = std::fs::read(&path).map_err(|e| BootError::Unreadable(path.clone(), e))?;
        let prepared = code::server::prepare_preloaded(&bytes)
            .map_err(|e| BootError::Unloadable(path, format!("{e:?}")))?;
        if let Some(loaded) = code::server::commit(&prepared) {
            code::server::note_preloaded(loaded.module);
        }
    }
    Ok(())
}

/// `init`, and the helpers that OTP expects under fixed identifiers.
fn first_processes(config: &Config) -> Result<(), BootError> {
    let heap = Heap::new();
    let words: Vec<Term<'_>> = config.init_args.iter().map(|a| heap.binary(a)).collect();
    let arguments = heap.list(&[Term::atom(am::init), heap.list(&words)]);
    let init = make("erl_init", "start", arguments, SpawnOptions::default())?;
    if let Some(f) = FIRST.get() {
        f(init);
    }
    let system = |priority| SpawnOptions {
        priority: Some(priority),
        system: true,
        off_heap_messages: Some(true),
        ..SpawnOptions::default()
    };
    const MAX: u32 = 0;
    const HIGH: u32 = 1;
    const NORMAL: u32 = 2;
    let none = Term::NIL;
    let purger = make("erts_code_purger", "start", none, system(HIGH))?;
    let collector = make("erts_literal_area_collector", "start", none, system(HIGH))?;
    let handlers = [
        make(
            "erts_dirty_process_signal_handler",
            "start",
            none,
            system(NORMAL),
        )?,
        make(
            "erts_dirty_process_signal_handler",
            "start",
            none,
            system(HIGH),
        )?,
        make(
            "erts_dirty_process_signal_handler",
            "start",
            none,
            system(MAX),
        )?,
    ];
    let cleaner = make("erts_trace_cleaner", "start", none, system(NORMAL))?;
    node::set_helpers(node::Helpers {
        code_purger: purger,
        literal_collector: collector,
        dirty_handlers: handlers,
        trace_cleaner: cleaner,
    });
    Ok(())
}

fn make(
    module: &'static str,
    function: &str,
    arguments: Term<'_>,
    options: SpawnOptions,
) -> Result<Pid, BootError> {
    let (Ok(m), Ok(f)) = (Atom::new(module), Atom::new(function)) else {
        return Err(BootError::NoProcess(module));
    };
    let none: Option<&Process> = None;
    spawn::spawn(none, m, f, arguments, options)
        .map(|s| s.pid)
        .map_err(|_| BootError::NoProcess(module))
}
