//! System tasks: work that `erts_internal:request_system_task` has a process do between its slices.
//! Each ends with `{Operation, RequestId, Answer}` to the requester.

use super::{Process, flag, info};
use crate::signal::node::{Body, Node, Reply, Task};
use crate::signal::{Parcel, send};
use crate::{code, gc, node, sched};
use corten_term::{Atom, Pid, Term, am};

/// What waits to be done between slices.
#[derive(Debug)]
pub enum Pending {
    Task(Box<Task>),
    /// `process_info` for another process.
    Info(Box<Reply>, Box<info::Request>),
}

impl Pending {
    /// The process ends before it came to it.
    pub(crate) fn refuse(self) {
        match self {
            Pending::Task(task) => task.refuse(),
            Pending::Info(reply, _) => send::answer_atom(*reply, am::undefined),
        }
    }
}

impl Task {
    /// A request `{Operation, RequestId, Argument…}` of a process.
    pub fn new(requester: Pid, request: Term<'_>) -> Task {
        Task {
            requester,
            request: Parcel::pack_whole(request),
        }
    }
    /// Has a process do it. One that is exiting answers too, and for nobody we do.
    pub fn send(self, to: Pid) {
        if !node().processes.is_alive(to) {
            return self.refuse();
        }
        let signal = Node::control(Body::Task(Box::new(self)));
        if let Err(signal) = send::deliver(to, signal) {
            send::refused(signal, to);
        }
    }
    /// The request: `{Operation, RequestId, Argument…}`.
    fn elements(&self) -> &[Term<'_>] {
        self.request.term().as_tuple().unwrap_or(&[])
    }
    /// What is to be done.
    pub fn operation(&self) -> Option<Atom> {
        self.elements().first()?.as_atom()
    }
    /// The first argument.
    pub fn argument(&self) -> Option<Term<'_>> {
        self.elements().get(2).copied()
    }
    /// What is asked finds nobody.
    pub fn refuse(&self) {
        self.answer(match self.operation() {
            Some(am::copy_literals) => Term::OK,
            _ => Term::FALSE,
        });
    }
    /// Tells the requester.
    pub fn answer(&self, answer: Term<'_>) {
        let Some([operation, id, ..]) = self.elements().get(..2) else {
            return;
        };
        let message = Parcel::build(|h| {
            let copy = |t| corten_term::copy::copy(t, h);
            h.tuple(&[copy(*operation), copy(*id), copy(answer)])
        });
        send::parcel(self.requester, message);
    }
}

/// Executes the tasks that wait. The process is swapped out and no `Term` of it is alive.
pub(crate) fn run(p: &Process) {
    loop {
        let Some(task) = p.with_cold(|c| (!c.tasks.is_empty()).then(|| c.tasks.remove(0))) else {
            return;
        };
        match task {
            Pending::Task(task) => task.answer(execute(p, &task)),
            Pending::Info(reply, request) => info::answer(p, *reply, &request),
        }
    }
}

fn execute(p: &Process, task: &Task) -> Term<'static> {
    let argument = task.argument();
    match task.operation() {
        Some(am::garbage_collect) => {
            let major = !argument.is_some_and(|t| t.is(am::minor));
            let out = gc::collect_swapped_out(p, major);
            p.set_flag(flag::FORCE_GC, false);
            p.bump_reductions(out.copied / 10);
            Term::TRUE
        }
        Some(am::check_process_code) => {
            let module = argument.and_then(|t| t.as_atom());
            Term::bool(module.is_some_and(|m| sched::executor().uses_old_code(p, m)))
        }
        Some(am::copy_literals) => copy_literals(p, argument.is_some_and(|t| t.is(am::need_gc))),
        // OTP's tests count on this one.
        Some(name) if name.name() == "system_task_test" => Term::TRUE,
        _ => Term::FALSE,
    }
}

/// Copies what the process refers to of the literal areas that are to go. That is a collection: unless `collect`, the
/// answer says so instead, and the collector of areas lets only some processes do it at a time.
fn copy_literals(p: &Process, collect: bool) -> Term<'static> {
    if let Some(words) = code::literals::dying_words()
        && gc::literals::refers_to_dying(p)
    {
        if !collect {
            return Term::atom(am::need_gc);
        }
        gc::literals::copy_out(p, words);
    }
    Term::OK
}
