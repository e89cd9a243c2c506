//! The emulator's flags as the rest of the program sees them: one struct, every flag a typed field.
//!
//! Filled by `parse` from the declarations in `table`; read by `run_node`. Defaults are OTP's, because tools
//! branch on them. A flag that has nothing to do in this engine is kept all the same, so that
//! `system_info` can report what was asked for.

use std::collections::BTreeMap;

use corten_engine::sched::topology::{Binding, Topology};

/// Everything that the flags before the first `--` can say.
#[derive(Debug, Clone, PartialEq)]
pub struct Flags {
    pub schedulers: Schedulers,
    pub limits: Limits,
    pub heap: Heap,
    pub time: Time,
    pub io: Io,
    pub dist: Dist,
    pub text: Text,
    pub system: System,
    /// `+M…` as given, checked for form; Corten's allocator has no such knobs.
    pub alloc: BTreeMap<String, String>,
}

/// Numbers and behaviour of threads: `+S* +A +a +s*`.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedulers {
    pub total: u32,
    pub online: u32,
    pub dirty_cpu: u32,
    pub dirty_cpu_online: u32,
    pub dirty_io: u32,
    pub async_threads: u32,
    /// Suggested stack sizes in kilowords.
    pub async_stack: u32,
    pub stack: Option<u32>,
    pub dirty_cpu_stack: Option<u32>,
    pub dirty_io_stack: Option<u32>,
    pub binding: Binding,
    pub topology: Option<Topology>,
    pub skip_topology: bool,
    pub busy_wait: BusyWait,
    pub dirty_cpu_busy_wait: BusyWait,
    pub dirty_io_busy_wait: BusyWait,
    pub wakeup: &'static str,
    pub dirty_cpu_wakeup: &'static str,
    pub dirty_io_wakeup: &'static str,
    pub wakeup_strategy: &'static str,
    pub wake_cleanup: &'static str,
    pub compact_load: bool,
    pub balance_utilisation: bool,
    pub port_parallelism: bool,
    /// Milliseconds; 0 = never.
    pub forced_wakeup_interval: u64,
    pub reader_groups: Option<u32>,
    pub counter_groups: Option<u32>,
    /// `+SP`, `+SDPcpu`: applied to the numbers above once all flags are read.
    pub(super) percent: [Percent; 2],
}

/// Shares in per cent of all and of those online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Percent {
    pub total: u32,
    pub online: u32,
}

/// How long a scheduler spins before it sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusyWait {
    None,
    VeryShort,
    Short,
    Medium,
    Long,
    VeryLong,
}

/// Table sizes: `+P +Q +t +e`.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    pub processes: u32,
    /// `None`: the default, which follows the number of file descriptors.
    pub ports: Option<u32>,
    pub atoms: u32,
    pub ets_tables: Option<u32>,
    /// Outstanding requests to system processes (`+zosrl`).
    pub system_requests: Option<u32>,
}

/// `+h*`: what a process starts with and may grow to; sizes in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Heap {
    pub min: u32,
    pub min_bin_virtual: u32,
    pub dictionary: u32,
    /// 0 = unlimited.
    pub max: u64,
    pub max_kill: bool,
    pub max_log: bool,
    pub max_include_binaries: bool,
    pub off_heap_messages: bool,
    pub fullsweep_after: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warp {
    None,
    Single,
    Multi,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Time {
    pub correction: bool,
    pub warp: Warp,
    /// `+T`: modified timing level.
    pub modified_timing: Option<u8>,
}

/// How a signal to a port is delivered (`+n`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortSignals {
    Default,
    Synchronous,
    Asynchronous,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Io {
    pub poll_threads: u32,
    pub pollsets: u32,
    pub scheduler_poll: bool,
    pub port_signals: PortSignals,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Dist {
    /// Bytes.
    pub buffer_busy_limit: u64,
    /// Seconds before an unused node entry goes; `None` = never.
    pub node_gc_delay: Option<u32>,
    pub async_by_default: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileNames {
    Latin1,
    Utf8,
    /// Decided by the locale.
    Locale,
}

/// What happens to a file name that is not in the encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadFileName {
    Warn,
    Ignore,
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    pub file_names: FileNames,
    pub bad_file_name: BadFileName,
    /// `+pc unicode`.
    pub printable_unicode: bool,
}

/// Ctrl-C (`+B`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    Menu,
    /// `+Bi`: the signal is ignored.
    Ignore,
    /// `+Bc`: it interrupts the shell.
    Shell,
    /// `+Bd`, `+B`: the signal ends the program.
    Disabled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warnings {
    Info,
    Warning,
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub struct System {
    /// `+i`: the module whose `boot/1` runs first.
    pub boot_module: String,
    pub break_key: Break,
    pub warnings: Warnings,
    pub crash_dump: bool,
    /// `+L` turns this off.
    pub line_info: bool,
    /// The release of the libraries that are booted.
    pub release: u32,
    pub compat_release: u32,
    /// Milliseconds; `None` = wait for ever.
    pub halt_flush_timeout: Option<u64>,
    pub ets_always_compress: bool,
    pub ets_always_move: bool,
    pub ets_busy_wait: &'static str,
    /// `+JPcover`, `+JPperf`, `+JDdump`, `+JMsingle` as given.
    pub jit: BTreeMap<&'static str, String>,
}

/// The releases of OTP whose libraries this engine boots.
pub const RELEASES: std::ops::RangeInclusive<u32> = 27..=29;

impl Flags {
    /// The defaults on a machine with so many processors and for libraries of this release.
    pub fn for_machine(cpus: &super::cpus::Cpus, release: u32) -> Flags {
        Flags {
            schedulers: Schedulers {
                total: cpus.configured,
                online: cpus.usable,
                dirty_cpu: cpus.configured,
                dirty_cpu_online: cpus.usable,
                dirty_io: 10,
                async_threads: 1,
                async_stack: 16,
                stack: None,
                dirty_cpu_stack: None,
                dirty_io_stack: None,
                binding: Binding::Unbound,
                topology: None,
                skip_topology: false,
                busy_wait: BusyWait::Medium,
                dirty_cpu_busy_wait: BusyWait::Short,
                dirty_io_busy_wait: BusyWait::Short,
                wakeup: "medium",
                dirty_cpu_wakeup: "medium",
                dirty_io_wakeup: "medium",
                wakeup_strategy: "default",
                wake_cleanup: "medium",
                compact_load: true,
                balance_utilisation: false,
                port_parallelism: false,
                forced_wakeup_interval: 0,
                reader_groups: None,
                counter_groups: None,
                percent: [Percent {
                    total: 100,
                    online: 100,
                }; 2],
            },
            limits: Limits {
                processes: 1 << 20,
                ports: None,
                atoms: 1 << 20,
                ets_tables: None,
                system_requests: None,
            },
            heap: Heap {
                min: 233,
                min_bin_virtual: 46_422,
                dictionary: 8,
                max: 0,
                max_kill: true,
                max_log: true,
                max_include_binaries: false,
                off_heap_messages: false,
                fullsweep_after: u16::MAX,
            },
            time: Time {
                correction: true,
                warp: Warp::None,
                modified_timing: None,
            },
            io: Io {
                poll_threads: 1,
                pollsets: 1,
                scheduler_poll: true,
                port_signals: PortSignals::Default,
            },
            dist: Dist {
                buffer_busy_limit: 1 << 20,
                node_gc_delay: Some(60),
                async_by_default: false,
            },
            text: Text {
                file_names: FileNames::Locale,
                bad_file_name: BadFileName::Warn,
                printable_unicode: false,
            },
            system: System {
                boot_module: "init".into(),
                break_key: Break::Menu,
                warnings: Warnings::Warning,
                crash_dump: true,
                line_info: true,
                release,
                compat_release: release,
                halt_flush_timeout: None,
                ets_always_compress: false,
                ets_always_move: false,
                ets_busy_wait: "medium",
                jit: BTreeMap::new(),
            },
            alloc: BTreeMap::new(),
        }
    }
}
