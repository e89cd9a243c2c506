//! System tasks: work that `erts_internal:request_system_task` has a process do between its slices.
//! Each ends with `{Operation, RequestId, Answer}` to the requester.

use super::{Process, flag, info, state};
use crate::signal::node::{Body, Reply, Task, Work};
use crate::signal::{Parcel, handle, send};
use crate::{code, gc, node, sched};
use corten_term::{Atom, Pid, Term, am};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;

/// Charged for each task, beside what it takes itself.
const TASK_REDUCTIONS: usize = 8;

/// What waits to be done between slices.
#[derive(Debug)]
pub enum Pending {
    Task(Box<Task>),
    /// `process_info` for another process.
    Info(Box<Reply>, Box<info::Request>),
    /// Rare work that came while the process was on a dirty thread.
    Call(Box<dyn Work>),
}

impl Pending {
    /// Whether it has to wait while the process must not collect garbage.
    pub(crate) fn collects(&self) -> bool {
        let operation = match self {
            Pending::Task(task) => task.operation(),
            Pending::Info(..) | Pending::Call(_) => None,
        };
        matches!(operation, Some(am::garbage_collect | am::copy_literals))
    }
    /// Whether somebody else may do it while the process is on a dirty thread: it looks at no more than where the
    /// process goes on and returns to.
    pub(crate) fn is_about_code(&self) -> bool {
        matches!(self, Pending::Task(task) if task.operation() == Some(am::check_process_code))
    }
    /// The process ends before it came to it.
    pub(crate) fn refuse(self) {
        match self {
            Pending::Task(task) => task.refuse(),
            Pending::Info(reply, _) => send::answer_atom(*reply, am::undefined),
            Pending::Call(work) => work.gone(),
        }
    }
}

/// Work that waits: the most urgent first, in order of arrival; one of low priority after eight of normal priority.
#[derive(Debug, Default)]
pub struct Tasks(Option<Box<Queues>>);

#[derive(Debug, Default)]
struct Queues {
    of_priority: [VecDeque<Pending>; 4],
    /// Tasks of normal priority done since one of low priority had its turn.
    turns: u8,
}

const NORMAL: usize = 2;
const LOW: usize = 3;
const TURNS: u8 = 8;

impl Queues {
    fn is_empty(&self) -> bool {
        self.of_priority.iter().all(VecDeque::is_empty)
    }
    fn next(&mut self) -> Option<Pending> {
        let first = self.of_priority.iter().position(|q| !q.is_empty())?;
        if first < NORMAL {
            return self.of_priority[first].pop_front();
        }
        let both = first == NORMAL && !self.of_priority[LOW].is_empty();
        let low_is_due = self.turns == TURNS;
        self.turns = if both && !low_is_due {
            self.turns + 1
        } else {
            0
        };
        self.of_priority[if both && low_is_due { LOW } else { first }].pop_front()
    }
}

impl Tasks {
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|q| q.is_empty())
    }
    /// Priorities go from 0, max, to 3, low.
    pub fn add(&mut self, priority: u32, work: Pending) {
        let queues = self.0.get_or_insert_with(Box::default);
        queues.of_priority[(priority as usize).min(LOW)].push_back(work);
    }
    /// The one that is to be done first.
    pub fn take(&mut self) -> Option<Pending> {
        let next = self.0.as_mut()?.next();
        if next.is_none() {
            self.0 = None;
        }
        next
    }
    /// Takes out the first one that `which` says.
    pub fn take_that(&mut self, which: impl Fn(&Pending) -> bool) -> Option<Pending> {
        let mut queues = self.0.as_mut()?.of_priority.iter_mut();
        queues.find_map(|q| q.remove(q.iter().position(&which)?))
    }
    pub fn any(&self, which: impl Fn(&Pending) -> bool) -> bool {
        let mut queues = self.0.iter().flat_map(|q| &q.of_priority);
        queues.any(|q| q.iter().any(&which))
    }
    /// Priority of the most urgent one.
    pub fn priority(&self) -> Option<u32> {
        let queues = self.0.as_ref()?.of_priority.iter();
        (0..).zip(queues).find(|q| !q.1.is_empty()).map(|q| q.0)
    }
}

impl Task {
    /// A request `{Operation, RequestId, Argument…}` of a process. Priorities go from 0, max, to 3, low.
    pub fn new(requester: Pid, priority: u32, request: Term<'_>) -> Task {
        Task {
            requester,
            priority,
            request: Parcel::pack_whole(request),
        }
    }
    /// Has a process do it. One that is exiting answers too, and for nobody we do.
    pub fn send(self, to: Pid) {
        if !node().processes.is_alive(to) {
            return self.refuse();
        }
        let priority = self.priority;
        if let Err(signal) = send::urgent(to, Body::Task(Box::new(self)), priority) {
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

/// Executes tasks that wait, as long as the slice goes; true if some are left. The process is swapped out and no
/// `Term` of it is alive.
pub(crate) fn run(p: &Process) -> bool {
    loop {
        let next = if p.has_flag(flag::GC_DISABLED) {
            p.with_relations(|r| r.tasks.take_that(|task| !task.collects()))
        } else {
            p.with_relations(|r| r.tasks.take())
        };
        let Some(task) = next else { return false };
        match task {
            Pending::Task(task) => task.answer(execute(p, &task)),
            Pending::Info(reply, request) => info::answer(p, *reply, &request),
            Pending::Call(work) => {
                work.run(p);
                p.shared.state.fetch_or(state::ACTIVE, Ordering::AcqRel);
            }
        }
        p.bump_reductions(TASK_REDUCTIONS);
        if p.reductions_left.get() <= 0 {
            return handle::has_tasks(p);
        }
    }
}

pub(crate) fn execute(p: &Process, task: &Task) -> Term<'static> {
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;
    impl Work for Nothing {
        fn run(self: Box<Self>, _: &Process) {}
    }

    #[test]
    fn tasks_of_low_priority_have_their_turn() {
        let mut tasks = Tasks::default();
        let mut left = [0usize; 4];
        for (priority, n) in [(LOW, 2), (NORMAL, 20), (1, 1)] {
            for _ in 0..n {
                tasks.add(priority as u32, Pending::Call(Box::new(Nothing)));
            }
            left[priority] = n;
        }
        let mut order = Vec::new();
        while !tasks.is_empty() {
            tasks.take();
            let queues = tasks.0.as_ref().map(|q| &q.of_priority);
            let now: Vec<usize> = (0..4).map(|i| queues.map_or(0, |q| q[i].len())).collect();
            order.extend((0..4).find(|i| now[*i] < left[*i]));
            left.copy_from_slice(&now);
        }
        let expected = [
            &[1][..],
            &[NORMAL; 8],
            &[LOW],
            &[NORMAL; 8],
            &[LOW],
            &[NORMAL; 4],
        ];
        assert_eq!(order, expected.concat());
    }
}
