//! What there is one of: configuration, tables, counters. Reached by [`node()`] from everywhere.

use crate::bif::Bif;
use crate::process::table::ProcessTable;
use crate::sched::topology::{Binding, Topology};
use corten_term::Atom;
use corten_term::Pid;
use std::sync::OnceLock;

/// What the command line and the environment decide; everything has the reference engine's default.
#[derive(Debug, Clone)]
pub struct Config {
    /// Normal schedulers (`+S`) and how many of them are online.
    pub schedulers: usize,
    pub schedulers_online: usize,
    /// `+SDcpu`, `+SDio`.
    pub dirty_cpu: usize,
    pub dirty_cpu_online: usize,
    pub dirty_io: usize,
    /// `+P`, `+Q`, `+t`.
    pub process_limit: usize,
    pub port_limit: usize,
    pub atom_limit: usize,
    /// `+hms` (words), `+hmbs` (words), `+hmax` (words; 0 is none), `+hmaxk`, `+hmaxel`, `+hmaxib`.
    pub min_heap_size: usize,
    pub min_bin_vheap_size: usize,
    pub max_heap_size: usize,
    pub max_heap_kill: bool,
    pub max_heap_log: bool,
    pub max_heap_include_binaries: bool,
    /// `+hmqd`: whether message data is off heap by default.
    pub off_heap_messages: bool,
    /// `-env ERL_FULLSWEEP_AFTER`.
    pub fullsweep_after: u16,
    /// The whole argument vector, as `system_info(emu_args)` shows it.
    pub emu_args: Vec<Vec<u8>>,
    /// Everything after the first `--`: what `init` gets.
    pub init_args: Vec<Vec<u8>>,
    pub root_dir: String,
    pub bin_dir: String,
    pub progname: String,
    /// Directory that holds the preloaded modules' `.beam` files.
    pub preloaded_dir: String,
    pub otp_release: String,
    /// The version of the `erts` that the libraries belong to.
    pub erts_version: String,
    /// `+B`: what SIGINT does: `true` opens the break menu.
    pub break_handler: BreakMode,
    /// `+W`: what `error_logger:warning_map` answers.
    pub warning_map: WarningMap,
    /// `+sbt`, `+sct`, `+ssrct`: how schedulers are bound to processors, a topology to go by, and not to ask the system.
    pub binding: Binding,
    pub topology: Option<Topology>,
    pub skip_topology: bool,
    /// Collect at every allocation point (`CORTEN_GC_STRESS=1`).
    pub gc_stress: bool,
    /// Flags that only `system_info` shows.
    pub shown: Shown,
}

/// What flags say about things that this engine does in its own way; `system_info` answers with it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Processors, and those that the node may use.
    pub processors: usize,
    pub processors_usable: usize,
    /// `+A`.
    pub thread_pool_size: usize,
    /// `+e`.
    pub ets_limit: usize,
    /// `+ec`, `+r`.
    pub ets_always_compress: bool,
    pub ets_realloc_moves: bool,
    /// `+zdbbl` in bytes, `+zdntgc` in seconds (`None`: never), `+pad`, `+zhft` in milliseconds (`None`: never).
    pub dist_buf_busy_limit: usize,
    pub delayed_node_table_gc: Option<u32>,
    pub async_dist: bool,
    pub halt_flush_timeout: Option<u64>,
    /// `+spp`.
    pub port_parallelism: bool,
    /// `+T`.
    pub modified_timing_level: Option<u8>,
    /// `+c`.
    pub time_correction: bool,
    /// `+R`.
    pub compat_rel: u32,
}

impl Default for Shown {
    fn default() -> Shown {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Shown {
            processors: cores,
            processors_usable: cores,
            thread_pool_size: 1,
            ets_limit: 8192,
            ets_always_compress: false,
            ets_realloc_moves: false,
            dist_buf_busy_limit: 1 << 20,
            delayed_node_table_gc: Some(60),
            async_dist: false,
            halt_flush_timeout: None,
            port_parallelism: false,
            modified_timing_level: None,
            time_correction: true,
            compat_rel: 27,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakMode {
    Menu,
    /// `+Bc`: the shell's own interrupt.
    Interrupt,
    /// `+Bd`: end at once.
    Quit,
    /// `+Bi`: ignore.
    Ignore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningMap {
    Error,
    Warning,
    Info,
}

impl Config {
    /// The release of OTP whose libraries are booted.
    pub fn release(&self) -> u32 {
        self.otp_release.parse().unwrap_or(27)
    }
}

impl Default for Config {
    fn default() -> Config {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Config {
            schedulers: cores,
            schedulers_online: cores,
            dirty_cpu: cores,
            dirty_cpu_online: cores,
            dirty_io: 10,
            process_limit: 1_048_576,
            port_limit: 65_536,
            atom_limit: 1_048_576,
            min_heap_size: 233,
            min_bin_vheap_size: 46_422,
            max_heap_size: 0,
            max_heap_kill: true,
            max_heap_log: true,
            max_heap_include_binaries: false,
            off_heap_messages: false,
            fullsweep_after: 65_535,
            emu_args: Vec::new(),
            init_args: Vec::new(),
            root_dir: String::new(),
            bin_dir: String::new(),
            progname: "erl".into(),
            preloaded_dir: String::new(),
            otp_release: "27".into(),
            erts_version: "15.2.7".into(),
            break_handler: BreakMode::Menu,
            warning_map: WarningMap::Warning,
            binding: Binding::Unbound,
            topology: None,
            skip_topology: false,
            gc_stress: false,
            shown: Shown::default(),
        }
    }
}

/// See the module page.
#[derive(Debug)]
pub struct Node {
    pub config: Config,
    /// All native functions of all crates.
    pub bifs: Vec<&'static Bif>,
    pub processes: ProcessTable,
}

impl Node {
    /// The node's name: `nonode@nohost` while it is not distributed.
    pub fn name(&self) -> Atom {
        corten_term::node::resolve(0).0
    }
}

static NODE: OnceLock<Node> = OnceLock::new();

/// The node. Panics before [`init`], which comes before any process.
#[inline]
pub fn node() -> &'static Node {
    NODE.get()
        .expect("the node is initialised before anything runs")
}

/// Makes the node; `tables` are the native functions of each crate.
pub fn init(config: Config, tables: &[&'static [Bif]]) -> &'static Node {
    crate::time::init();
    corten_term::atom::set_limit(config.atom_limit as u32);
    NODE.get_or_init(|| {
        let bifs: Vec<&'static Bif> = tables.iter().flat_map(|t| t.iter()).collect();
        crate::code::init(&bifs);
        crate::interp::executor::install();
        Node {
            processes: ProcessTable::new(config.process_limit),
            bifs,
            config,
        }
    })
}

/// The node, if it has been made.
pub fn try_node() -> Option<&'static Node> {
    NODE.get()
}

/// Processes of OTP's own that the engine sends to.
#[derive(Debug, Clone, Copy)]
pub struct Helpers {
    pub code_purger: Pid,
    pub literal_collector: Pid,
    /// For processes of priority normal, high and max.
    pub dirty_handlers: [Pid; 3],
    pub trace_cleaner: Pid,
}

static HELPERS: OnceLock<Helpers> = OnceLock::new();

pub(crate) fn set_helpers(h: Helpers) {
    // Set once, at boot.
    let _ = HELPERS.set(h);
}

/// The helpers, once they have been made.
pub fn helpers() -> Option<&'static Helpers> {
    HELPERS.get()
}
