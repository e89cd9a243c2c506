//! Where the command line meets the engine: the node's configuration and its native functions.
//!
//! Called by `emulator::main`, and by `corten --missing` for the list of what the native functions lack.

use std::path::Path;

use corten_engine::Bif;
use corten_engine::node::{BreakMode, Config, Shown, WarningMap};

use super::EmulatorArgs;
use super::flags::{Break, Warnings};
use crate::error::{CliError, Result};
use crate::launch::Never;

/// The native functions of all rooms.
fn tables() -> Vec<&'static [Bif]> {
    [
        corten_bifs::TABLES,
        corten_io::TABLES,
        corten_crypto::TABLES,
    ]
    .concat()
}

/// Hands over to the engine; returns only when the node could not be started.
pub fn run_node(args: EmulatorArgs) -> Result<Never> {
    let config = config_of(args);
    corten_engine::process::exit::add_hook(|p, _| corten_bifs::ets::process_exited(p.pid()));
    corten_engine::crashdump::add_section(corten_bifs::dumps::crash_dump);
    corten_engine::crashdump::add_section(corten_io::port::crash_dump);
    corten_engine::boot::before_first_process(corten_io::init);
    corten_engine::boot::start(config, &tables()).map_err(|e| CliError::Says(e.to_string()))?;
    // Schedulers run the node from here on; `halt` ends the program from one of them.
    loop {
        std::thread::park();
    }
}

fn config_of(args: EmulatorArgs) -> Config {
    let flags = args.flags;
    let (s, heap) = (&flags.schedulers, &flags.heap);
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Config {
        schedulers: s.total as usize,
        schedulers_online: s.online as usize,
        dirty_cpu: s.dirty_cpu as usize,
        dirty_cpu_online: s.dirty_cpu_online as usize,
        dirty_io: s.dirty_io as usize,
        process_limit: flags.limits.processes as usize,
        port_limit: flags.limits.ports.map_or(65_536, |n| n as usize),
        atom_limit: flags.limits.atoms as usize,
        min_heap_size: heap.min as usize,
        min_bin_vheap_size: heap.min_bin_virtual as usize,
        max_heap_size: usize::try_from(heap.max).unwrap_or(usize::MAX),
        max_heap_kill: heap.max_kill,
        max_heap_log: heap.max_log,
        max_heap_include_binaries: heap.max_include_binaries,
        off_heap_messages: heap.off_heap_messages,
        fullsweep_after: fullsweep_after().unwrap_or(heap.fullsweep_after),
        emu_args: args.argv,
        init_args: args.init_args,
        root_dir: text(&args.root),
        bin_dir: text(&args.bindir),
        progname: String::from_utf8_lossy(&args.progname).into_owned(),
        preloaded_dir: text(&args.preloaded),
        otp_release: args.release.to_string(),
        erts_version: args.erts_version,
        break_handler: match flags.system.break_key {
            Break::Menu => BreakMode::Menu,
            Break::Ignore => BreakMode::Ignore,
            Break::Shell => BreakMode::Interrupt,
            Break::Disabled => BreakMode::Quit,
        },
        warning_map: match flags.system.warnings {
            Warnings::Info => WarningMap::Info,
            Warnings::Warning => WarningMap::Warning,
            Warnings::Error => WarningMap::Error,
        },
        shown: Shown {
            processors: args.cpus.configured as usize,
            processors_usable: args.cpus.usable as usize,
            thread_pool_size: s.async_threads as usize,
            ets_limit: flags
                .limits
                .ets_tables
                .map_or(8192, |n| (n as usize).max(8192)),
            ets_always_compress: flags.system.ets_always_compress,
            ets_realloc_moves: flags.system.ets_always_move,
            dist_buf_busy_limit: usize::try_from(flags.dist.buffer_busy_limit)
                .unwrap_or(usize::MAX),
            delayed_node_table_gc: flags.dist.node_gc_delay,
            async_dist: flags.dist.async_by_default,
            halt_flush_timeout: flags.system.halt_flush_timeout,
            port_parallelism: s.port_parallelism,
            modified_timing_level: flags.time.modified_timing,
            time_correction: flags.time.correction,
            compat_rel: flags.system.compat_release,
        },
        binding: s.binding,
        topology: s.topology.clone(),
        skip_topology: s.skip_topology,
        gc_stress: std::env::var_os("CORTEN_GC_STRESS").is_some_and(|v| v == "1"),
    }
}

/// `ERL_FULLSWEEP_AFTER`, as C's `atoi` and a 16-bit number read it.
fn fullsweep_after() -> Option<u16> {
    let value = std::env::var_os("ERL_FULLSWEEP_AFTER")?;
    Some(super::number::atoi(&value.to_string_lossy()) as u16)
}

/// The BIFs of this release of OTP that are not implemented, one `module:function/arity` a line, sorted.
pub fn missing(release: u32) -> String {
    let mut names: Vec<String> = corten_bifs::names::missing(&tables(), release)
        .into_iter()
        .map(|bif| format!("{}:{}/{}\n", bif.module, bif.name, bif.arity))
        .collect();
    names.sort();
    names.concat()
}
