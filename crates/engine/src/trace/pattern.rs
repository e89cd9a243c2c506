//! `trace_pattern`: which functions have which breakpoints.

use super::breakpoint::{self, Count, Data, Meta, Tally};
use super::session::{self, Session, Spec};
use super::tracer::Tracer;
use crate::code::{self, Export, Loaded, server};
use crate::process::Mfa;
use corten_term::Atom;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Which functions; what is not given may be anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Functions {
    pub module: Option<Atom>,
    pub function: Option<Atom>,
    pub arity: Option<u8>,
}

impl Functions {
    fn has(&self, name: Atom, arity: u8) -> bool {
        self.function.is_none_or(|f| f == name) && self.arity.is_none_or(|a| a == arity)
    }
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum How {
    Off,
    On(Option<Arc<Spec>>),
    /// Counters start at nothing.
    Restart,
    /// Counters stand still.
    Pause,
}

/// Kinds of breakpoints. With none of them it is about calls through exports (`global`).
#[derive(Debug, Default, Clone, Copy)]
pub struct Kinds {
    pub local: bool,
    pub meta: Option<Tracer>,
    pub count: bool,
    pub time: bool,
    pub memory: bool,
    pub debug: bool,
}

impl Kinds {
    pub fn is_global(&self) -> bool {
        !(self.local || self.meta.is_some() || self.count || self.time || self.memory || self.debug)
    }
}

/// What functions get as they are loaded.
#[derive(Debug, Default, Clone)]
pub struct OnLoad {
    pub is_on: bool,
    pub kinds: Kinds,
    pub spec: Option<Arc<Spec>>,
    pub meta_spec: Option<Arc<Spec>>,
}

impl OnLoad {
    pub fn change(&mut self, how: &How, kinds: Kinds) {
        let on = !matches!(how, How::Off);
        let spec = match how {
            How::On(spec) => spec.clone(),
            _ => None,
        };
        let counts = matches!(how, How::On(_));
        if kinds.local || kinds.is_global() {
            self.spec = spec.clone();
        }
        if kinds.meta.is_some() {
            self.meta_spec = spec;
        } else if kinds.is_global() {
            self.meta_spec = None;
        }
        match (self.kinds.is_global(), kinds.is_global()) {
            (true, true) => self.is_on = on,
            (false, true) if on => {
                self.kinds = kinds;
                self.is_on = true;
            }
            (false, true) => {}
            (false, false) if !on => {
                self.kinds.local &= !kinds.local;
                self.kinds.meta = self.kinds.meta.filter(|_| kinds.meta.is_none());
                self.kinds.count &= !kinds.count;
                self.kinds.time &= !kinds.time;
                self.kinds.memory &= !kinds.memory;
                self.is_on = !self.kinds.is_global();
            }
            (true, false) if !on => {}
            (was_global, false) => {
                if was_global {
                    self.kinds = Kinds::default();
                }
                self.kinds.local |= kinds.local;
                self.kinds.meta = kinds.meta.or(self.kinds.meta);
                self.kinds.count |= kinds.count && counts;
                self.kinds.time |= kinds.time && counts;
                self.kinds.memory |= kinds.memory && counts;
                self.is_on = !self.kinds.is_global();
            }
        }
    }
}

/// Sets or clears breakpoints of a session; how many functions were meant.
pub fn set(session: &Arc<Session>, which: Functions, how: &How, kinds: Kinds) -> usize {
    let modules = match which.module {
        Some(module) => code::find(module).into_iter().collect(),
        None => server::all_loaded(),
    };
    let modules = modules.iter().map(|m| &**m);
    modules
        .map(|code| set_in(session, code, which, how, kinds, None))
        .sum()
}

fn set_in(
    session: &Arc<Session>,
    code: &Loaded,
    which: Functions,
    how: &How,
    kinds: Kinds,
    meta_spec: Option<Option<Arc<Spec>>>,
) -> usize {
    let on = !matches!(how, How::Off);
    let global = kinds.is_global();
    let mut change = breakpoint::change();
    let mut exports = 0;
    for e in exported(code, which) {
        exports += 1;
        if code::lower::is_bif(e) && e.native().is_none() {
            // `apply`, an instruction.
            continue;
        }
        if on && global {
            let spec = match how {
                How::On(spec) => spec.clone(),
                _ => None,
            };
            change.export(e, session, true, |d| d.calls = Some(spec));
        } else if (on && !kinds.debug) || global {
            // One session traces a function in one way only.
            change.export(e, session, false, |d| d.calls = None);
        }
    }
    let mut functions = 0;
    for f in code.functions.iter().filter(|f| which.has(f.name, f.arity)) {
        functions += 1;
        if on && global {
            change.entry(code, f, session, false, Data::clear);
        } else if !global {
            let create = matches!(how, How::On(_));
            let spec = meta_spec.clone();
            change.entry(code, f, session, create, |d| edit(d, how, kinds, spec));
        }
    }
    if global { exports } else { functions }
}

fn exported(code: &Loaded, which: Functions) -> Vec<&'static Export> {
    let all = code.exports.iter();
    let matching = all.filter(|(name, arity, _)| which.has(*name, *arity));
    let found =
        matching.filter_map(|(name, arity, _)| code::find_export(code.module, *name, *arity));
    found.collect()
}

/// Sets or clears what `kinds` names.
fn edit(d: &mut Data, how: &How, kinds: Kinds, meta_spec: Option<Option<Arc<Spec>>>) {
    if kinds.local {
        match how {
            How::On(spec) => d.calls = Some(spec.clone()),
            How::Off => d.calls = None,
            How::Restart | How::Pause => {}
        }
    }
    if let Some(tracer) = kinds.meta {
        match how {
            How::On(spec) => {
                d.meta = Some(Arc::new(Meta {
                    tracer: Mutex::new(Some(tracer)),
                    spec: meta_spec.unwrap_or_else(|| spec.clone()),
                }));
            }
            How::Off => d.meta = None,
            How::Restart | How::Pause => {}
        }
    }
    if kinds.count {
        match (how, &d.count) {
            (How::Off, _) => d.count = None,
            (How::Pause, Some(c)) => c.paused.store(true, Ordering::Release),
            (How::On(_), _) | (How::Restart, Some(_)) => d.count = Some(Arc::new(Count::default())),
            (How::Pause | How::Restart, None) => {}
        }
    }
    if kinds.time {
        tally(&mut d.time, how);
    }
    if kinds.memory {
        tally(&mut d.memory, how);
    }
    if kinds.debug {
        d.debug = matches!(how, How::On(_));
    }
}

fn tally(slot: &mut Option<Arc<Tally>>, how: &How) {
    match (how, &slot) {
        (How::Off, _) => *slot = None,
        (How::Pause, Some(t)) => t.paused.store(true, Ordering::Release),
        (How::On(_), _) | (How::Restart, Some(_)) => *slot = Some(Arc::default()),
        (How::Pause | How::Restart, None) => {}
    }
}

/// A session ends: all that it has set goes.
pub fn clear_all(session: &Session) {
    *session.on_load.write() = OnLoad::default();
    *session.send.write() = session::EventPattern::Off;
    *session.receive.write() = session::EventPattern::Off;
    breakpoint::forget_session(session);
}

/// A module has become current.
pub fn loaded(code: &Loaded) {
    for session in session::all() {
        let on_load = session.on_load.read().clone();
        if on_load.is_on {
            let how = How::On(on_load.spec);
            let all = Functions::default();
            set_in(
                &session,
                code,
                all,
                &how,
                on_load.kinds,
                Some(on_load.meta_spec),
            );
        }
    }
}

/// Whether the module's current code has the function.
pub fn is_function(mfa: Mfa) -> bool {
    code::find(mfa.module).is_some_and(|c| c.find(mfa.function, mfa.arity).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_functions_get_on_loading_adds_up_and_goes() {
        let mut o = OnLoad::default();
        let local = Kinds {
            local: true,
            ..Kinds::default()
        };
        let count = Kinds {
            count: true,
            ..Kinds::default()
        };
        o.change(&How::On(None), local);
        o.change(&How::On(None), count);
        assert!(o.is_on && o.kinds.local && o.kinds.count);
        o.change(&How::Off, local);
        assert!(o.is_on && !o.kinds.local);
        o.change(&How::Off, count);
        assert!(!o.is_on);
        o.change(&How::On(None), Kinds::default());
        assert!(o.is_on && o.kinds.is_global());
        o.change(&How::Off, Kinds::default());
        assert!(!o.is_on);
    }
}
