//! The table of emulator flags: name, what its value is called, what it is for, what is said about a bad
//! value, and the setter.
//!
//! The only place to change when OTP gets a flag. `parse` looks flags up here and prints the usage from here.
//! Of two names of which one begins with the other, the longer one wins, whatever their order. `{}` in
//! `bad` stands for the value. A flag without `help` is accepted but not documented.

// A setter is an assignment that can fail: `Ok(field = value?)` says so in one line.
#![allow(clippy::unit_arg)]

use super::flags::{
    BadFileName, Break, BusyWait, FileNames, Flags, Percent, PortSignals, Warnings, Warp,
};
use corten_engine::sched::topology::{self, Binding, Topology};

use super::number::{Bad, Pair, atoi, boolean, leading, one_of, pair, within, within_strict};

/// How a flag gets its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// None; text glued to the name is ignored.
    None,
    /// Glued to the name or the next argument.
    Required,
    /// Glued, or the next argument if it is one of these.
    Optional(&'static [&'static str]),
}

type Setter = fn(&mut Flags, &str) -> Result<(), Bad>;

#[derive(Debug)]
pub struct Flag {
    pub name: &'static str,
    pub value: Value,
    /// What the usage calls the value.
    pub takes: &'static str,
    pub help: &'static str,
    pub bad: &'static str,
    pub set: Setter,
}

const fn flag(
    name: &'static str,
    takes: &'static str,
    help: &'static str,
    bad: &'static str,
    set: Setter,
) -> Flag {
    Flag {
        name,
        value: Value::Required,
        takes,
        help,
        bad,
        set,
    }
}

const fn switch(name: &'static str, help: &'static str, set: Setter) -> Flag {
    Flag {
        name,
        value: Value::None,
        takes: "",
        help,
        bad: "",
        set,
    }
}

const INT_MAX: i64 = i32::MAX as i64;
const MAX_IDS: i64 = (1 << 27) - 1;
const MAX_THREADS: i64 = 1024;
const MAX_SMALL: i64 = (1 << 59) - 1;
const SPIN: &str = "none | very_short | short | medium | long | very_long";
const WAKE: &str = "very_low | low | medium | high | very_high";
const WAKE_NAMES: &[&str] = &["very_low", "low", "medium", "high", "very_high"];
pub static FLAGS: &[Flag] = &[
    // Threads.
    flag(
        "S",
        "N:M",
        "N schedulers, M of them online",
        "bad amount of schedulers {}",
        set_schedulers,
    ),
    flag(
        "SP",
        "N:M",
        "the same in per cent of the processors configured and usable",
        "bad schedulers percentage specifier {}",
        |f, v| Ok(f.schedulers.percent[0] = percentages(v)?),
    ),
    flag(
        "SDcpu",
        "N:M",
        "N dirty CPU schedulers, M of them online",
        "bad amount of dirty CPU schedulers {}",
        set_dirty_cpu,
    ),
    flag(
        "SDPcpu",
        "N:M",
        "the same in per cent of the schedulers",
        "bad dirty CPU schedulers percentage specifier {}",
        |f, v| Ok(f.schedulers.percent[1] = percentages(v)?),
    ),
    flag(
        "SDio",
        "N",
        "number of dirty I/O schedulers, 1-1024",
        "bad number of dirty I/O schedulers {}",
        |f, v| Ok(f.schedulers.dirty_io = within(v, 1..=MAX_THREADS)?),
    ),
    flag(
        "A",
        "N",
        "number of threads for asynchronous work, 1-1024",
        "bad number of async threads {}",
        |f, v| Ok(f.schedulers.async_threads = within::<u32>(v, 0..=MAX_THREADS)?.max(1)),
    ),
    flag(
        "a",
        "SIZE",
        "their stack in kilowords, 16-8192",
        "bad stack size for async threads {}",
        |f, v| Ok(f.schedulers.async_stack = within(v, 16..=8192)?),
    ),
    flag(
        "sss",
        "SIZE",
        "stack of a scheduler in kilowords, 20-8192",
        "bad stack size for scheduler threads {}",
        |f, v| Ok(f.schedulers.stack = Some(within(v, 20..=8192)?)),
    ),
    flag(
        "sssdcpu",
        "SIZE",
        "stack of a dirty CPU scheduler in kilowords, 20-8192",
        "bad stack size for dirty CPU scheduler threads {}",
        |f, v| Ok(f.schedulers.dirty_cpu_stack = Some(within(v, 20..=8192)?)),
    ),
    flag(
        "sssdio",
        "SIZE",
        "stack of a dirty I/O scheduler in kilowords, 20-8192",
        "bad stack size for dirty IO scheduler threads {}",
        |f, v| Ok(f.schedulers.dirty_io_stack = Some(within(v, 20..=8192)?)),
    ),
    flag(
        "sbt",
        "TYPE",
        "bind schedulers to processors: u | ns | ts | ps | s | nnts | nnps | tnnps | db",
        "setting scheduler bind type '{}' failed: invalid type",
        set_binding,
    ),
    flag(
        "stbt",
        "TYPE",
        "as +sbt, but without complaint where the system cannot",
        "setting scheduler bind type '{}' failed: invalid type",
        set_binding,
    ),
    flag(
        "sct",
        "TOPOLOGY",
        "the processor topology, where the system does not tell",
        "bad cpu topology '{}'",
        set_topology,
    ),
    switch(
        "ssrct",
        "do not ask the system for the processor topology",
        |f, _| Ok(f.schedulers.skip_topology = true),
    ),
    flag(
        "sbwt",
        SPIN,
        "how long a scheduler without work spins",
        "bad scheduler busy wait threshold: {}",
        |f, v| Ok(f.schedulers.busy_wait = spin(v)?),
    ),
    flag(
        "sbwtdcpu",
        SPIN,
        "the same for dirty CPU schedulers",
        "bad dirty CPU scheduler busy wait threshold: {}",
        |f, v| Ok(f.schedulers.dirty_cpu_busy_wait = spin(v)?),
    ),
    flag(
        "sbwtdio",
        SPIN,
        "the same for dirty I/O schedulers",
        "bad dirty IO scheduler busy wait threshold: {}",
        |f, v| Ok(f.schedulers.dirty_io_busy_wait = spin(v)?),
    ),
    flag(
        "swt",
        WAKE,
        "how much work wakes another scheduler",
        "scheduler wakeup threshold: {}",
        |f, v| Ok(f.schedulers.wakeup = one_of(v, WAKE_NAMES)?),
    ),
    flag(
        "swtdcpu",
        WAKE,
        "the same for dirty CPU schedulers",
        "dirty CPU scheduler wakeup threshold: {}",
        |f, v| Ok(f.schedulers.dirty_cpu_wakeup = one_of(v, WAKE_NAMES)?),
    ),
    flag(
        "swtdio",
        WAKE,
        "the same for dirty I/O schedulers",
        "dirty IO scheduler wakeup threshold: {}",
        |f, v| Ok(f.schedulers.dirty_io_wakeup = one_of(v, WAKE_NAMES)?),
    ),
    flag(
        "sws",
        "default | legacy",
        "how that is decided",
        "scheduler wakeup strategy: {}",
        |f, v| Ok(f.schedulers.wakeup_strategy = one_of(v, &["default", "legacy"])?),
    ),
    flag(
        "swct",
        "very_lazy | lazy | medium | eager | very_eager",
        "how much garbage wakes a scheduler",
        "scheduler wake cleanup threshold: {}",
        |f, v| {
            Ok(f.schedulers.wake_cleanup =
                one_of(v, &["very_lazy", "lazy", "medium", "eager", "very_eager"])?)
        },
    ),
    flag(
        "scl",
        "BOOL",
        "gather work on few schedulers",
        "bad scheduler compact load value '{}'",
        |f, v| {
            f.schedulers.compact_load = boolean(v)?;
            f.schedulers.balance_utilisation &= !f.schedulers.compact_load;
            Ok(())
        },
    ),
    flag(
        "sub",
        "BOOL",
        "balance the schedulers' utilisation instead",
        "bad scheduler utilization balancing  value '{}'",
        |f, v| {
            f.schedulers.balance_utilisation = boolean(v)?;
            f.schedulers.compact_load &= !f.schedulers.balance_utilisation;
            Ok(())
        },
    ),
    flag(
        "spp",
        "BOOL",
        "schedule port operations in parallel where no port says otherwise",
        "bad port parallelism scheduling hint {}",
        |f, v| Ok(f.schedulers.port_parallelism = boolean(v)?),
    ),
    flag(
        "sfwi",
        "MS",
        "wake all schedulers at this interval",
        "bad scheduler forced wakeup interval {}",
        |f, v| Ok(f.schedulers.forced_wakeup_interval = within(v, 0..=i64::MAX)?),
    ),
    flag("secio", "BOOL", "", "", |_, _| Ok(())),
    flag(
        "rg",
        "N",
        "limit of reader groups",
        "bad reader groups limit: {}",
        |f, v| Ok(f.schedulers.reader_groups = Some(within_strict(v, 0..=INT_MAX)?)),
    ),
    flag(
        "dcg",
        "N",
        "limit of groups of decentralised counters",
        "bad decentralized counter groups limit: {}",
        |f, v| Ok(f.schedulers.counter_groups = Some(within_strict(v, 0..=INT_MAX)?)),
    ),
    // Limits.
    flag(
        "P",
        "N",
        "most processes, 1024-134217727",
        "bad number of processes {}",
        |f, v| {
            if v != "legacy" {
                f.limits.processes = within(v, 1024..=MAX_IDS)?;
            }
            Ok(())
        },
    ),
    flag(
        "Q",
        "N",
        "most ports, 1024-134217727",
        "bad number of ports {}",
        |f, v| {
            if v != "legacy" {
                f.limits.ports = Some(within(v, 1024..=MAX_IDS)?);
            }
            Ok(())
        },
    ),
    flag(
        "t",
        "N",
        "most atoms, 8192-2147483647",
        "bad atom table size {}",
        |f, v| Ok(f.limits.atoms = within(v, 8192..=INT_MAX)?),
    ),
    flag(
        "e",
        "N",
        "expected number of ETS tables",
        "bad maximum number of ets tables {}",
        |f, v| Ok(f.limits.ets_tables = Some(within(v, 0..=INT_MAX)?)),
    ),
    switch("ec", "compress all ETS tables", |f, _| {
        Ok(f.system.ets_always_compress = true)
    }),
    switch("r", "move ETS blocks at every reallocation", |f, _| {
        Ok(f.system.ets_always_move = true)
    }),
    flag(
        "zebwt",
        "none | very_short | … | extremely_long",
        "how long an ETS lock spins",
        "Invalid ets busy wait threshold: {}",
        |f, v| {
            Ok(f.system.ets_busy_wait = one_of(
                v,
                &[
                    "none",
                    "very_short",
                    "short",
                    "medium",
                    "long",
                    "very_long",
                    "extremely_long",
                ],
            )?)
        },
    ),
    flag(
        "zosrl",
        "N",
        "most outstanding requests to system processes",
        "Invalid outstanding requests limit {}",
        |f, v| Ok(f.limits.system_requests = Some(within(v, 1..=MAX_IDS)?)),
    ),
    // Heaps.
    flag("h", "SIZE", "", "bad heap size {}", |f, v| {
        Ok(f.heap.min = within(v, 1..=INT_MAX)?)
    }),
    flag(
        "hms",
        "SIZE",
        "smallest heap in words (233)",
        "bad heap size {}",
        |f, v| Ok(f.heap.min = within(v, 1..=INT_MAX)?),
    ),
    flag(
        "hmbs",
        "SIZE",
        "smallest virtual heap for binaries in words",
        "bad heap size {}",
        |f, v| Ok(f.heap.min_bin_virtual = within(v, 1..=INT_MAX)?),
    ),
    flag(
        "hpds",
        "SIZE",
        "first size of the process dictionary (8)",
        "bad initial process dictionary size {}",
        |f, v| Ok(f.heap.dictionary = within::<u32>(v, 1..=1 << 30)?.next_power_of_two()),
    ),
    flag(
        "hmax",
        "SIZE",
        "largest heap in words (0 = no limit)",
        "bad max heap size {}",
        |f, v| Ok(f.heap.max = within(v, 0..=MAX_SMALL)?),
    ),
    flag(
        "hmaxk",
        "BOOL",
        "kill a process that outgrows it",
        "bad max heap kill {}",
        |f, v| Ok(f.heap.max_kill = boolean(v)?),
    ),
    flag(
        "hmaxel",
        "BOOL",
        "log when a process outgrows it",
        "bad max heap error logger {}",
        |f, v| Ok(f.heap.max_log = boolean(v)?),
    ),
    flag(
        "hmaxib",
        "BOOL",
        "count shared binaries too",
        "bad max heap include bins {}",
        |f, v| Ok(f.heap.max_include_binaries = boolean(v)?),
    ),
    flag(
        "hmqd",
        "off_heap | on_heap",
        "where messages in the queue live",
        "Invalid message_queue_data flag: {}",
        |f, v| Ok(f.heap.off_heap_messages = one_of(v, &["on_heap", "off_heap"])? == "off_heap"),
    ),
    // Time.
    Flag {
        name: "c",
        value: Value::Optional(&["true", "false"]),
        takes: "BOOL",
        help: "time correction",
        bad: "Invalid time correnction value: {}",
        set: |f, v| Ok(f.time.correction = !v.is_empty() && boolean(v)?),
    },
    flag(
        "C",
        "no_time_warp | single_time_warp | multi_time_warp",
        "time warp mode",
        "Invalid time warp mode: {}",
        |f, v| {
            Ok(f.time.warp = match v {
                "no_time_warp" => Warp::None,
                "single_time_warp" => Warp::Single,
                "multi_time_warp" => Warp::Multi,
                _ => return Err(Bad::Value),
            })
        },
    ),
    flag(
        "T",
        "0-9",
        "modified timing level",
        "bad modified timing level {}",
        |f, v| Ok(f.time.modified_timing = Some(within(v, 0..=9)?)),
    ),
    // Ports and polling.
    flag(
        "IOt",
        "N",
        "threads that poll for I/O",
        "bad I/O poll threads number: {}",
        |f, v| Ok(f.io.poll_threads = within_strict(v, 1..=MAX_THREADS)?),
    ),
    flag(
        "IOp",
        "N",
        "poll sets, not more than threads",
        "bad I/O pollset number: {}",
        |f, v| Ok(f.io.pollsets = within_strict(v, 1..=INT_MAX)?),
    ),
    flag(
        "IOPt",
        "PERCENT",
        "threads that poll in per cent of the schedulers",
        "bad I/O poll thread percentage number: {}",
        |f, v| {
            let percent: u32 = within_strict(v, 0..=100)?;
            f.io.poll_threads = share(f.schedulers.total, percent);
            Ok(())
        },
    ),
    flag(
        "IOPp",
        "PERCENT",
        "poll sets in per cent of the threads that poll",
        "bad I/O pollset percentage number: {}",
        |f, v| {
            let percent: u32 = within_strict(v, 0..=100)?;
            f.io.pollsets = share(f.io.poll_threads, percent);
            Ok(())
        },
    ),
    flag(
        "IOs",
        "BOOL",
        "let schedulers poll too",
        "bad +IOs boolean argument: {}",
        |f, v| Ok(f.io.scheduler_poll = boolean(v)?),
    ),
    flag("K", "BOOL", "", "", |_, _| Ok(())),
    flag(
        "n",
        "s | a | d",
        "signals to ports synchronous, asynchronous or as needed",
        "bad -n option {}",
        |f, v| {
            Ok(f.io.port_signals = match v {
                "s" => PortSignals::Synchronous,
                "a" => PortSignals::Asynchronous,
                "d" => PortSignals::Default,
                _ => return Err(Bad::Value),
            })
        },
    ),
    // Distribution.
    flag(
        "zdbbl",
        "KB",
        "size at which a distribution buffer is busy",
        "",
        |f, v| {
            let size = atoi(v);
            if !(1..=INT_MAX / 1024).contains(&size) {
                return Err(Bad::Says(format!("Invalid dbbl limit: {size}")));
            }
            Ok(f.dist.buffer_busy_limit = size as u64 * 1024)
        },
    ),
    flag(
        "zdntgc",
        "SECONDS",
        "how long an unused node entry stays, or infinity",
        "Invalid delayed node table gc: {}",
        |f, v| {
            f.dist.node_gc_delay = match v {
                "infinity" => None,
                _ if leading(v).is_some_and(|(_, rest)| rest.is_empty()) => {
                    Some(within(v, 0..=100_000_000)?)
                }
                _ => return Err(Bad::Value),
            };
            Ok(())
        },
    ),
    flag(
        "pad",
        "BOOL",
        "new processes send asynchronously to other nodes",
        "bad async dist value {}",
        |f, v| Ok(f.dist.async_by_default = boolean(v)?),
    ),
    // Text.
    flag(
        "pc",
        "latin1 | unicode",
        "which characters are printable",
        "bad range of printable characters: {}",
        |f, v| Ok(f.text.printable_unicode = one_of(v, &["latin1", "unicode"])? == "unicode"),
    ),
    flag(
        "fn",
        "l | u | a",
        "encoding of file names: Latin-1, UTF-8 or as the locale says; then w, i or e: \
        warn about, ignore or refuse names in another encoding",
        "bad filename encoding {}, can be (l,u or a, optionally followed by w, i or e)",
        set_file_names,
    ),
    // The rest.
    Flag {
        name: "B",
        value: Value::Optional(&["i", "c", "d"]),
        takes: "c | d | i",
        help: "what Ctrl-C does: interrupt the shell, end the program, nothing",
        bad: "",
        set: |f, v| {
            Ok(f.system.break_key = match v.as_bytes().first() {
                Some(b'i') => Break::Ignore,
                Some(b'c') => Break::Shell,
                _ => Break::Disabled,
            })
        },
    },
    switch(
        "d",
        "no crash dump for errors found by the emulator itself",
        |f, _| Ok(f.system.crash_dump = false),
    ),
    flag("i", "MODULE", "the module that boots (init)", "", |f, v| {
        Ok(f.system.boot_module = v.into())
    }),
    switch("L", "load code without line numbers", |f, _| {
        Ok(f.system.line_info = false)
    }),
    flag(
        "R",
        "N",
        "be compatible with this release",
        "bad compatibility release number {}",
        |f, v| {
            Ok(f.system.compat_release = within(
                v,
                i64::from(f.system.release - 2)..=i64::from(f.system.release),
            )?)
        },
    ),
    flag(
        "W",
        "i | w | e",
        "what logger makes of warnings",
        "unrecognized warning_map option {}",
        |f, v| {
            Ok(f.system.warnings = match v.as_bytes().first() {
                Some(b'i') => Warnings::Info,
                Some(b'w') => Warnings::Warning,
                Some(b'e') => Warnings::Error,
                _ => return Err(Bad::Value),
            })
        },
    ),
    flag(
        "zhft",
        "MS",
        "how long halt waits for output, or infinity",
        "Invalid halt flush timeout {}",
        |f, v| {
            f.system.halt_flush_timeout = if v == "infinity" {
                None
            } else {
                Some(within(v, 0..=INT_MAX)?)
            };
            Ok(())
        },
    ),
    flag(
        "JPperf",
        "true | false | dump | map | fp | no_fp",
        "",
        "bad +JPperf support flag {}",
        |f, v| {
            jit(
                f,
                "perf",
                v,
                &["true", "false", "dump", "map", "fp", "no_fp"],
            )
        },
    ),
    flag(
        "JPperfdirectory",
        "DIR",
        "",
        "bad +JPperfdirectory {}",
        |f, v| Ok(drop(f.system.jit.insert("perfdirectory", v.into()))),
    ),
    flag(
        "JPcover",
        "BOOL | line | function | …",
        "instrument code for coverage",
        "bad +JPcover flag {}",
        |f, v| {
            jit(
                f,
                "cover",
                v,
                &[
                    "true",
                    "false",
                    "function",
                    "function_counters",
                    "line",
                    "line_counters",
                ],
            )
        },
    ),
    switch("D", "instrument code for a debugger", |f, _| {
        Ok(drop(f.system.jit.insert("debugger", "true".into())))
    }),
    flag("Dibpl", "BOOL", "", "bad +Dibpl flag {}", |f, v| {
        jit(f, "breakpoints", v, &["true", "false"])
    }),
    flag("JDdump", "BOOL", "", "bad +JDdump flag {}", |f, v| {
        jit(f, "dump", v, &["true", "false"])
    }),
    flag(
        "JMsingle",
        "BOOL",
        "",
        "bad +JMsingle support flag {}",
        |f, v| jit(f, "single", v, &["true", "false"]),
    ),
];

/// The release that has brought a flag.
pub fn since(name: &str) -> u32 {
    match name {
        "D" | "Dibpl" | "JPperfdirectory" => 28,
        _ => 0,
    }
}

fn set_schedulers(f: &mut Flags, v: &str) -> Result<(), Bad> {
    let s = &mut f.schedulers;
    let (total, online) = split(v, s.total, s.online)?;
    let asked = atoi(v);
    s.total = u32::try_from(total)
        .ok()
        .filter(|n| (1..=MAX_THREADS as u32).contains(n))
        .ok_or_else(|| Bad::Says(format!("bad amount of schedulers {asked}")))?;
    s.online = u32::try_from(online)
        .ok()
        .filter(|n| (1..=s.total).contains(n))
        .ok_or_else(|| {
            Bad::Says(format!(
                "bad amount of schedulers online {online} (total amount of schedulers {total})"
            ))
        })?;
    Ok(())
}

fn set_dirty_cpu(f: &mut Flags, v: &str) -> Result<(), Bad> {
    let s = &mut f.schedulers;
    let (total, online) = split(v, s.dirty_cpu, s.dirty_cpu_online)?;
    let asked = atoi(v);
    s.dirty_cpu = u32::try_from(total)
        .ok()
        .filter(|n| (1..=MAX_THREADS as u32).contains(n))
        .ok_or_else(|| Bad::Says(format!("bad amount of dirty CPU schedulers {asked}")))?;
    s.dirty_cpu_online = u32::try_from(online)
        .ok()
        .filter(|n| (1..=s.dirty_cpu).contains(n))
        .ok_or_else(|| {
            Bad::Says(format!(
                "bad amount of dirty CPU schedulers online {online} \
                 (total amount of dirty CPU schedulers {total})"
            ))
        })?;
    Ok(())
}

/// `N:M` against the defaults: 0 and less count from the default, a missing part is the default.
fn split(v: &str, default_total: u32, default_online: u32) -> Result<(i64, i64), Bad> {
    let (default_total, default_online) = (i64::from(default_total), i64::from(default_online));
    let from = |n: i64, default: i64| if n > 0 { n } else { default.saturating_add(n) };
    Ok(match pair(v).ok_or(Bad::Value)? {
        Pair::Both(total, online) => (from(total, default_total), from(online, default_online)),
        Pair::Total(total) => (
            from(total, default_total),
            from(total.min(default_online), default_online),
        ),
        Pair::Online(online) => (default_total, from(online, default_online)),
    })
}

fn percentages(v: &str) -> Result<Percent, Bad> {
    let (total, online) = match pair(v).ok_or(Bad::Value)? {
        Pair::Both(total, online) => (total, online),
        Pair::Total(total) => (total, total.min(100)),
        Pair::Online(online) => (100, online),
    };
    let percent = |n: i64| u32::try_from(n).map_err(|_| Bad::Value);
    Ok(Percent {
        total: percent(total)?,
        online: percent(online)?,
    })
}

/// What can only be settled when all flags are known.
pub fn settle(f: &mut Flags) -> Result<(), String> {
    let s = &mut f.schedulers;
    let [all, dirty] = s.percent;
    let (total, online) = (share(s.total, all.total), share(s.online, all.online));
    if total > MAX_THREADS as u32 {
        return Err(format!(
            "bad schedulers percentage {} (total amount of schedulers {total})",
            all.total
        ));
    }
    if online > total {
        return Err(format!(
            "bad schedulers online percentage {} (total amount of schedulers {total}, online {online})",
            all.online
        ));
    }
    (s.total, s.online) = (total, online);
    // There are never more dirty CPU schedulers than others.
    s.dirty_cpu = share(s.dirty_cpu, dirty.total).min(total);
    s.dirty_cpu_online = share(s.dirty_cpu_online, dirty.online)
        .min(online)
        .min(s.dirty_cpu);
    if f.io.pollsets > f.io.poll_threads {
        return Err(format!(
            "number of IO poll threads has to be greater or equal to the number of \nIO pollsets. \
             Current values are set to: \n  -IOt {} -IOp {}",
            f.io.poll_threads, f.io.pollsets
        ));
    }
    if f.heap.max != 0 && f.heap.max < u64::from(f.heap.min) {
        return Err(format!(
            "max heap size ({}) is not allowed to be smaller than min heap size ({})",
            f.heap.max, f.heap.min
        ));
    }
    Ok(())
}

fn share(of: u32, percent: u32) -> u32 {
    let n = u64::from(of) * u64::from(percent) / 100;
    u32::try_from(n).unwrap_or(u32::MAX).max(1)
}

fn spin(v: &str) -> Result<BusyWait, Bad> {
    Ok(match v {
        "none" => BusyWait::None,
        "very_short" => BusyWait::VeryShort,
        "short" => BusyWait::Short,
        "medium" => BusyWait::Medium,
        "long" => BusyWait::Long,
        "very_long" => BusyWait::VeryLong,
        _ => return Err(Bad::Value),
    })
}

fn jit(f: &mut Flags, name: &'static str, v: &str, allowed: &[&'static str]) -> Result<(), Bad> {
    f.system.jit.insert(name, one_of(v, allowed)?.into());
    Ok(())
}

fn set_file_names(f: &mut Flags, v: &str) -> Result<(), Bad> {
    let rest = v.get(1..).unwrap_or("");
    f.text.file_names = match v.as_bytes().first() {
        // For Latin-1 every name is right, so what follows the letter is not looked at.
        Some(b'l') => {
            f.text.file_names = FileNames::Latin1;
            return Ok(());
        }
        Some(b'u') => FileNames::Utf8,
        Some(b'a') => FileNames::Locale,
        _ => return Err(Bad::Value),
    };
    f.text.bad_file_name = match rest.as_bytes().first() {
        None | Some(b'w') => BadFileName::Warn,
        Some(b'i') => BadFileName::Ignore,
        Some(b'e') => BadFileName::Error,
        Some(_) => {
            return Err(Bad::Says(format!(
                "bad type of warnings for wrongly coded filename: {rest}"
            )));
        }
    };
    Ok(())
}

fn set_topology(f: &mut Flags, v: &str) -> Result<(), Bad> {
    let topology = Topology::parse(v);
    let bad = |why: topology::Bad| Bad::Says(format!("bad cpu topology '{v}': {}", why.text()));
    f.schedulers.topology = Some(topology.map_err(bad)?);
    f.schedulers.skip_topology = true;
    Ok(())
}

fn set_binding(f: &mut Flags, v: &str) -> Result<(), Bad> {
    f.schedulers.binding = Binding::of_flag(v).ok_or(Bad::Value)?;
    Ok(())
}
