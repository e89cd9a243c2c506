//! A node whose processes play what the tests tell them: an [`Actor`] runs closures inside its process and shows
//! the messages that it gets, printed.
#![allow(dead_code)]

use corten_engine::node::{self, Config};
use corten_engine::process::spawn::{SpawnOptions, spawn};
use corten_engine::process::{Mfa, Process};
use corten_engine::sched::{self, Executor, Outcome, Registers};
use corten_engine::signal::receive::{self, Peek};
use corten_engine::signal::send;
use corten_engine::{Bif, Stop};
use corten_term::{Atom, Heap, Pid, Term, Word, am, print};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;

type Job = Box<dyn FnOnce(&Process) + Send>;

struct Script {
    jobs: Mutex<VecDeque<Job>>,
    out: Mutex<mpsc::Sender<String>>,
}

static SCRIPTS: Mutex<Vec<Arc<Script>>> = Mutex::new(Vec::new());

struct Player;

impl Executor for Player {
    fn run(&self, p: &Process, _: &mut Registers) -> Outcome {
        // SAFETY: `x(1)` holds the number of the script.
        let name = unsafe { Term::from_raw(p.x[1].get()) };
        let index: usize = name.as_atom().unwrap().name()[1..].parse().unwrap();
        let script = SCRIPTS.lock().unwrap()[index].clone();
        p.bump_reductions(100);
        p.shared.set_trap_exit(true);
        loop {
            match receive::peek(p) {
                Peek::Message(w) => {
                    receive::remove(p);
                    // SAFETY: the message belongs to the heap of the process now.
                    let t = unsafe { p.root(w) };
                    if !t.is(am::run) {
                        let _ = script.out.lock().unwrap().send(show(t));
                        continue;
                    }
                    let job = script.jobs.lock().unwrap().pop_front();
                    if let Some(job) = job {
                        job(p);
                    }
                }
                Peek::Empty => return Outcome::Wait,
                Peek::Leave => return Outcome::Yield,
            }
        }
    }
    fn run_dirty(&self, _: &Process, _: &mut Registers) -> Outcome {
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

/// A term as text; identifiers of ports, processes and references without their numbers.
pub fn show(t: Term<'_>) -> String {
    let text = String::from_utf8_lossy(&print::to_bytes(t, 100_000)).into_owned();
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        let id = [("#Port<", "Port"), ("#Ref<", "Ref"), ("<0.", "Pid")]
            .into_iter()
            .find(|(p, _)| rest.starts_with(p));
        match id {
            Some((_, name)) if rest.contains('>') => {
                out.push_str(name);
                rest = &rest[rest.find('>').unwrap() + 1..];
            }
            _ => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

pub fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let config = Config {
            schedulers: 2,
            schedulers_online: 2,
            ..Config::default()
        };
        // Before the node installs the interpreter: the first one stays.
        sched::install(&Player);
        node::init(config, corten_io::TABLES);
        sched::start().unwrap();
        let first = Actor::new_process("first").0;
        corten_io::init(first);
    });
}

/// See the module page.
pub struct Actor {
    pub pid: Pid,
    script: Arc<Script>,
    out: mpsc::Receiver<String>,
}

impl Actor {
    pub fn new() -> Actor {
        start();
        let (pid, script, out) = Actor::new_process("actor");
        Actor { pid, script, out }
    }

    fn new_process(_: &str) -> (Pid, Arc<Script>, mpsc::Receiver<String>) {
        let (to, out) = mpsc::channel();
        let script = Arc::new(Script {
            jobs: Mutex::default(),
            out: Mutex::new(to),
        });
        let mut all = SCRIPTS.lock().unwrap();
        let name = Atom::new(&format!("s{}", all.len())).unwrap();
        all.push(script.clone());
        drop(all);
        let heap = Heap::new();
        let arguments = heap.list(&[Term::NIL]);
        let pid = spawn(None, am::lists, name, arguments, SpawnOptions::default())
            .unwrap()
            .pid;
        (pid, script, out)
    }

    /// Runs a function inside the process.
    pub fn run<R: Send + 'static>(&self, f: impl FnOnce(&Process) -> R + Send + 'static) -> R {
        let (to, from) = mpsc::channel();
        let job = move |p: &Process| {
            let _ = to.send(f(p));
        };
        self.script.jobs.lock().unwrap().push_back(Box::new(job));
        assert!(send::message(self.pid, Term::atom(am::run)));
        from.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// Messages until none comes for a while.
    pub fn messages(&self) -> Vec<String> {
        let mut all = Vec::new();
        while let Ok(m) = self.out.recv_timeout(Duration::from_millis(400)) {
            all.push(m);
        }
        all
    }

    /// The next message.
    pub fn message(&self) -> String {
        self.out
            .recv_timeout(Duration::from_secs(20))
            .unwrap_or_else(|_| "nothing".into())
    }
}

/// Calls a native function: its value or `error:Reason`, printed.
pub fn call(p: &Process, module: &str, name: &str, arguments: &[Term<'_>]) -> String {
    match apply(p, module, name, arguments) {
        Ok(t) => show(t),
        Err(e) => e,
    }
}

/// The same with the value as a term.
pub fn apply<'h>(
    p: &'h Process,
    module: &str,
    name: &str,
    arguments: &[Term<'_>],
) -> Result<Term<'h>, String> {
    let find =
        |b: &&Bif| b.module == module && b.name == name && usize::from(b.arity) == arguments.len();
    let bif = corten_io::TABLES
        .iter()
        .flat_map(|t| t.iter())
        .find(find)
        .unwrap_or_else(|| panic!("no {module}:{name}/{}", arguments.len()));
    let arguments: Vec<Term<'h>> = arguments
        .iter()
        .map(|t| corten_term::copy::copy(*t, &p.heap))
        .collect();
    // The slice has to live as long as the heap's borrow.
    let arguments: &'h [Term<'h>] = Vec::leak(arguments);
    (bif.function)(p, arguments).map_err(|stop| match stop {
        Stop::Error { reason, .. } => format!("error:{}", show(reason)),
        other => format!("{other:?}"),
    })
}

pub fn atom(name: &str) -> Term<'static> {
    Term::atom(Atom::new(name).unwrap())
}
