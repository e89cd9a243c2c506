//! Processes, signals, timers and schedulers under load, run by an executor that plays small programs written in
//! Rust instead of the interpreter. A program is a function that is called again whenever its process runs;
//! `pc` counts its steps.

use corten_engine::node::{self, Config};
use corten_engine::process::spawn::{MonitorOptions, SpawnOptions, spawn};
use corten_engine::process::{Mfa, Process, exit};
use corten_engine::sched::{self, Executor, Outcome, Registers};
use corten_engine::signal::node::ExitKind;
use corten_engine::signal::receive::{self, Peek, Timeout};
use corten_engine::signal::{Parcel, link, send};
use corten_engine::timer;
use corten_term::{Atom, Heap, Pid, RefNumbers, Term, Word, am};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

type Program = fn(&Process, usize) -> Outcome;

struct Player;

static PROGRAMS: Mutex<Vec<Program>> = Mutex::new(Vec::new());
static RESULTS: OnceLock<Mutex<mpsc::Sender<i64>>> = OnceLock::new();

impl Executor for Player {
    fn run(&self, p: &Process, _: &mut Registers) -> Outcome {
        // SAFETY: `x(1)` holds the number of the program.
        let n = unsafe { Term::from_raw(p.x[1].get()) };
        let index: usize = n.as_atom().unwrap().name()[1..].parse().unwrap();
        let program = PROGRAMS.lock().unwrap()[index];
        let step = p.pc.get() as usize / 8;
        p.bump_reductions(100);
        program(p, step)
    }
    fn run_dirty(&self, p: &Process, _: &mut Registers) -> Outcome {
        std::thread::sleep(Duration::from_millis(1));
        corten_engine::sched::state::claim(&p.shared);
        goto(p, p.pc.get() as usize / 8 + 1);
        Outcome::Yield
    }
    fn spawn_entry(&self) -> *const Word {
        std::ptr::null()
    }
    fn uses_old_code(&self, _: &Process, _: Atom) -> bool {
        false
    }
    fn current_function(&self, _: &Process) -> Option<Mfa> {
        None
    }
    fn stacktrace<'h>(&self, _: &Process, _: &'h Heap, _: usize) -> Term<'h> {
        Term::NIL
    }
    fn backtrace(&self, _: &Process) -> Vec<u8> {
        Vec::new()
    }
}

fn goto(p: &Process, step: usize) {
    p.pc.set(std::ptr::without_provenance(step * 8));
}

fn results() -> mpsc::Receiver<i64> {
    let (to, from) = mpsc::channel();
    match RESULTS.get() {
        Some(m) => *m.lock().unwrap() = to,
        None => RESULTS.set(Mutex::new(to)).unwrap(),
    }
    from
}
fn result(n: i64) {
    let _ = RESULTS.get().unwrap().lock().unwrap().send(n);
}

/// Starts the node once and lets one test at a time use it.
fn world() -> std::sync::MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(|e| e.into_inner());
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let config = Config {
            schedulers: 4,
            schedulers_online: 4,
            ..Config::default()
        };
        // Before the node installs the interpreter: the first one stays.
        sched::install(&Player);
        node::init(config, &[]);
        sched::start().unwrap();
    });
    guard
}

fn start(parent: Option<&Process>, program: Program, argument: Term<'_>, o: SpawnOptions) -> Pid {
    let mut all = PROGRAMS.lock().unwrap();
    let i = match all.iter().position(|p| std::ptr::fn_addr_eq(*p, program)) {
        Some(i) => i,
        None => {
            all.push(program);
            all.len() - 1
        }
    };
    drop(all);
    let name = Atom::new(&format!("p{i}")).unwrap();
    let heap = Heap::new();
    let list = heap.cons(argument_on(&heap, argument), Term::NIL);
    spawn(parent, am::lists, name, list, o).unwrap().pid
}

fn argument_on<'h>(heap: &'h Heap, t: Term<'_>) -> Term<'h> {
    corten_term::copy::copy(t, heap)
}

fn argument(p: &Process) -> Term<'_> {
    // SAFETY: `x(2)` is the argument list.
    unsafe { p.root(p.x[2].get()) }.as_cons().unwrap().0
}

/// The next message, taken out of the mailbox.
fn take(p: &Process) -> Result<Term<'_>, Outcome> {
    match receive::peek(p) {
        Peek::Message(w) => {
            receive::remove(p);
            // SAFETY: the message belongs to the heap of the process now.
            Ok(unsafe { p.root(w) })
        }
        Peek::Empty => Err(Outcome::Wait),
        Peek::Leave => Err(Outcome::Yield),
    }
}

macro_rules! next {
    ($p:expr) => {
        match take($p) {
            Ok(t) => t,
            Err(o) => return o,
        }
    };
}

fn wait_for_processes(n: usize) {
    let end = Instant::now() + Duration::from_secs(20);
    while node::node().processes.count() > n {
        assert!(Instant::now() < end, "processes are left over");
        std::thread::sleep(Duration::from_millis(1));
    }
}

// ---- ping pong ----

fn pong(p: &Process, _: usize) -> Outcome {
    loop {
        let t = next!(p);
        let [from, n] = t.as_tuple_of::<2>().unwrap();
        let n = n.as_small().unwrap();
        send::message(
            from.as_local_pid().unwrap(),
            p.heap.tuple(&[p.pid().into(), Term::small(n)]),
        );
        if n == 0 {
            return Outcome::Exited;
        }
    }
}

fn ping(p: &Process, step: usize) -> Outcome {
    if step == 0 {
        let other = start(Some(p), pong, Term::NIL, SpawnOptions::default());
        let first = p.heap.tuple(&[p.pid().into(), Term::small(2000)]);
        send::message(other, first);
        goto(p, 1);
    }
    loop {
        let t = next!(p);
        let [from, n] = t.as_tuple_of::<2>().unwrap();
        let n = n.as_small().unwrap();
        if n == 0 {
            result(1);
            return Outcome::Exited;
        }
        let to = from.as_local_pid().unwrap();
        send::message(to, p.heap.tuple(&[p.pid().into(), Term::small(n - 1)]));
        corten_engine::gc::collect_swapped_out(p, false);
    }
}

#[test]
fn pairs_of_processes_exchange_messages() {
    let _w = world();
    let from = results();
    for _ in 0..20 {
        start(None, ping, Term::NIL, SpawnOptions::default());
    }
    for _ in 0..20 {
        from.recv_timeout(Duration::from_secs(30)).unwrap();
    }
    wait_for_processes(0);
}

// ---- order ----

const SENDERS: usize = 8;
const EACH: i64 = 3000;

fn sender(p: &Process, step: usize) -> Outcome {
    let to = argument(p).as_local_pid().unwrap();
    for i in 0..50 {
        let n = step as i64 * 50 + i;
        send::message(to, p.heap.tuple(&[p.pid().into(), Term::small(n)]));
    }
    goto(p, step + 1);
    if (step as i64 + 1) * 50 == EACH {
        return Outcome::Exited;
    }
    Outcome::Yield
}

fn collector(p: &Process, step: usize) -> Outcome {
    if step == 0 {
        for _ in 0..SENDERS {
            start(Some(p), sender, p.pid().into(), SpawnOptions::default());
        }
        goto(p, 1);
    }
    let mut got = step - usize::from(step > 0);
    loop {
        let t = match take(p) {
            Ok(t) => t,
            Err(o) => {
                goto(p, got + 1);
                return o;
            }
        };
        let [from, n] = t.as_tuple_of::<2>().unwrap();
        let last = p
            .dictionary
            .get(*from)
            .map_or(-1, |t| t.as_small().unwrap());
        assert_eq!(n.as_small().unwrap(), last + 1, "out of order");
        p.dictionary.put(*from, *n);
        got += 1;
        if got == SENDERS * EACH as usize {
            result(got as i64);
            return Outcome::Exited;
        }
    }
}

#[test]
fn messages_of_one_sender_stay_in_order() {
    let _w = world();
    let from = results();
    start(None, collector, Term::NIL, SpawnOptions::default());
    let n = from.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(n, SENDERS as i64 * EACH);
    wait_for_processes(0);
}

// ---- timers ----

static BEGUN: Mutex<Option<Instant>> = Mutex::new(None);

fn sleeper(p: &Process, step: usize) -> Outcome {
    if step == 0 {
        *BEGUN.lock().unwrap() = Some(Instant::now());
        goto(p, 1);
    }
    match receive::peek(p) {
        Peek::Empty => {}
        Peek::Leave => return Outcome::Yield,
        Peek::Message(_) => panic!("nobody sends"),
    }
    match receive::wait_timeout(p, Term::small(30)) {
        Timeout::Wait => Outcome::Wait,
        Timeout::Bad => panic!("a good timeout"),
        Timeout::Expired => {
            receive::timed_out(p);
            let begun = BEGUN.lock().unwrap().unwrap();
            result(begun.elapsed().as_micros() as i64);
            Outcome::Exited
        }
    }
}

#[test]
fn a_receive_times_out_in_time() {
    let _w = world();
    let from = results();
    let mut best = i64::MAX;
    for _ in 0..5 {
        start(None, sleeper, Term::NIL, SpawnOptions::default());
        let us = from.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(us >= 29_900, "too early: {us}");
        best = best.min(us);
    }
    // Generous, because the machine may be busy; how precise timers are is for `./x bench` to say.
    assert!(best < 1_000_000, "too late: {best}");
    wait_for_processes(0);
}

fn timer_user(p: &Process, step: usize) -> Outcome {
    if step == 0 {
        let soon = |ms: i64| corten_engine::time::monotonic() + ms * 1_000_000;
        let me = timer::Receiver::Process(p.pid());
        for ms in [30, 10, 20] {
            timer::start(
                soon(ms),
                me,
                RefNumbers::fresh(),
                Parcel::pack(Term::small(ms)),
            );
        }
        let cancelled = RefNumbers::fresh();
        timer::start(soon(15), me, cancelled, Parcel::pack(Term::small(15)));
        assert!(timer::read(cancelled).is_some_and(|ms| ms <= 16));
        assert!(timer::cancel(cancelled).is_some());
        assert!(timer::cancel(cancelled).is_none());
        // Left behind: goes with the process.
        timer::start(
            soon(100_000),
            me,
            RefNumbers::fresh(),
            Parcel::pack(Term::NIL),
        );
        goto(p, 1);
    }
    loop {
        let n = next!(p).as_small().unwrap();
        result(n);
        if n == 30 {
            return Outcome::Exited;
        }
    }
}

#[test]
fn timers_fire_in_order_and_can_be_cancelled() {
    let _w = world();
    let from = results();
    start(None, timer_user, Term::NIL, SpawnOptions::default());
    for n in [10, 20, 30] {
        assert_eq!(from.recv_timeout(Duration::from_secs(10)).unwrap(), n);
    }
    wait_for_processes(0);
}

// ---- links and monitors ----

static DIED: AtomicUsize = AtomicUsize::new(0);

fn count_exit(_: &Process, _: Term<'_>) {
    DIED.fetch_add(1, SeqCst);
}

fn waits(p: &Process, _: usize) -> Outcome {
    loop {
        next!(p);
    }
}

fn dies(p: &Process, step: usize) -> Outcome {
    if step == 0 {
        goto(p, 1);
        return Outcome::Yield;
    }
    exit::uncaught(
        p,
        corten_engine::process::Class::Exit,
        argument(p),
        Term::NIL,
    );
    Outcome::Exited
}

const CHILDREN: usize = 500;

fn supervisor(p: &Process, step: usize) -> Outcome {
    if step == 0 {
        p.shared.set_trap_exit(true);
        for i in 0..CHILDREN {
            let o = SpawnOptions {
                link: true,
                monitor: Some(MonitorOptions::default()),
                ..SpawnOptions::default()
            };
            let reason = p
                .heap
                .tuple(&[Term::atom(am::error), Term::small(i as i64)]);
            if i % 2 == 0 {
                start(Some(p), dies, reason, o);
            } else {
                let pid = start(Some(p), waits, Term::NIL, o);
                let kill = Parcel::pack(Term::atom(am::kill));
                send::exit(pid, p.pid().word(), kill, ExitKind::Sent);
            }
        }
        goto(p, 1);
    }
    let mut n = step - usize::from(step > 0);
    loop {
        let t = match take(p) {
            Ok(t) => t.as_tuple().unwrap(),
            Err(o) => {
                goto(p, n + 1);
                return o;
            }
        };
        let reason = match t.len() {
            3 => {
                assert!(t[0].is(am::EXIT));
                t[2]
            }
            5 => {
                assert!(t[0].is(am::DOWN) && t[2].is(am::process) && t[3].is_pid());
                t[4]
            }
            _ => panic!("an unexpected message"),
        };
        assert!(reason.is(am::killed) || reason.is_tuple());
        n += 1;
        if n == 2 * CHILDREN {
            result(n as i64);
            return Outcome::Exited;
        }
    }
}

#[test]
fn the_end_of_children_is_told() {
    let _w = world();
    exit::add_hook(count_exit);
    DIED.store(0, SeqCst);
    let from = results();
    start(None, supervisor, Term::NIL, SpawnOptions::default());
    from.recv_timeout(Duration::from_secs(30)).unwrap();
    wait_for_processes(0);
    assert!(DIED.load(SeqCst) > CHILDREN);
}

fn chain(p: &Process, step: usize) -> Outcome {
    let left = argument(p).as_small().unwrap();
    if step == 0 {
        goto(p, 1);
        if left > 0 {
            let next = start(
                Some(p),
                chain,
                Term::small(left - 1),
                SpawnOptions::default(),
            );
            let _ = link::link(p, next.into(), false);
        } else {
            result(0);
            exit::uncaught(
                p,
                corten_engine::process::Class::Exit,
                Term::atom(am::kill),
                Term::NIL,
            );
            return Outcome::Exited;
        }
    }
    loop {
        next!(p);
    }
}

#[test]
fn an_exit_runs_along_links() {
    let _w = world();
    let from = results();
    start(None, chain, Term::small(1000), SpawnOptions::default());
    from.recv_timeout(Duration::from_secs(30)).unwrap();
    wait_for_processes(0);
}

// ---- dirty ----

fn dirty_user(_: &Process, step: usize) -> Outcome {
    if step == 3 {
        result(3);
        return Outcome::Exited;
    }
    if step == 1 {
        Outcome::DirtyCpu
    } else {
        Outcome::DirtyIo
    }
}

#[test]
fn dirty_work_is_done_elsewhere() {
    let _w = world();
    let from = results();
    for _ in 0..50 {
        start(None, dirty_user, Term::NIL, SpawnOptions::default());
    }
    for _ in 0..50 {
        from.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    wait_for_processes(0);
}

// ---- memory and idleness ----

#[test]
fn a_waiting_process_is_small_and_an_idle_node_sleeps() {
    let _w = world();
    assert!(
        size_of::<Process>() + 32 * 8 <= 1200,
        "{}",
        size_of::<Process>()
    );
    let pids: Vec<Pid> = (0..1000)
        .map(|_| start(None, waits, Term::NIL, SpawnOptions::default()))
        .collect();
    std::thread::sleep(Duration::from_millis(100));
    let before = cpu_ticks();
    std::thread::sleep(Duration::from_millis(500));
    assert!(cpu_ticks() - before <= 2, "an idle node computes");
    for pid in pids {
        let kill = Parcel::pack(Term::atom(am::kill));
        send::exit(pid, pid.word(), kill, ExitKind::Sent);
    }
    wait_for_processes(0);
}

/// Hundredths of a second of processor time that this program has used.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let rest = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
