//! Links, monitors and aliases of a process, as it sees them. Only the thread that runs the process comes here.

use super::Parcel;
use crate::process::tasks::Tasks;
use corten_term::{Atom, Pid, PortId, RefNumbers, Word};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A map that is a sorted vector while it is small: most processes have a link or two.
#[derive(Debug)]
pub enum SmallMap<K, V> {
    Few(Vec<(K, V)>),
    Many(BTreeMap<K, V>),
}

const FEW: usize = 16;

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> SmallMap<K, V> {
        SmallMap::Few(Vec::new())
    }
}

impl<K: Ord + Copy, V> SmallMap<K, V> {
    pub fn len(&self) -> usize {
        match self {
            SmallMap::Few(v) => v.len(),
            SmallMap::Many(m) => m.len(),
        }
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn get(&self, key: &K) -> Option<&V> {
        match self {
            SmallMap::Few(v) => {
                let i = v.binary_search_by(|e| e.0.cmp(key)).ok()?;
                Some(&v[i].1)
            }
            SmallMap::Many(m) => m.get(key),
        }
    }
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match self {
            SmallMap::Few(v) => {
                let i = v.binary_search_by(|e| e.0.cmp(key)).ok()?;
                Some(&mut v[i].1)
            }
            SmallMap::Many(m) => m.get_mut(key),
        }
    }
    pub fn contains(&self, key: &K) -> bool {
        self.get(key).is_some()
    }
    /// Inserts, and returns what was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self {
            SmallMap::Few(v) => match v.binary_search_by(|e| e.0.cmp(&key)) {
                Ok(i) => Some(std::mem::replace(&mut v[i].1, value)),
                Err(i) if v.len() < FEW => {
                    if v.is_empty() {
                        v.reserve_exact(1);
                    }
                    v.insert(i, (key, value));
                    None
                }
                Err(_) => {
                    let mut m: BTreeMap<K, V> = std::mem::take(v).into_iter().collect();
                    m.insert(key, value);
                    *self = SmallMap::Many(m);
                    None
                }
            },
            SmallMap::Many(m) => m.insert(key, value),
        }
    }
    pub fn remove(&mut self, key: &K) -> Option<V> {
        match self {
            SmallMap::Few(v) => {
                let i = v.binary_search_by(|e| e.0.cmp(key)).ok()?;
                Some(v.remove(i).1)
            }
            SmallMap::Many(m) => m.remove(key),
        }
    }
    /// In ascending order of keys.
    pub fn iter(&self) -> Box<dyn Iterator<Item = (&K, &V)> + '_> {
        match self {
            SmallMap::Few(v) => Box::new(v.iter().map(|e| (&e.0, &e.1))),
            SmallMap::Many(m) => Box::new(m.iter()),
        }
    }
    /// Takes the entry with the smallest key out.
    pub fn pop(&mut self) -> Option<(K, V)> {
        match self {
            SmallMap::Few(v) if v.is_empty() => None,
            SmallMap::Few(v) => Some(v.remove(0)),
            SmallMap::Many(m) => m.pop_first(),
        }
    }
    /// Empties the map.
    pub fn take(&mut self) -> Vec<(K, V)> {
        match std::mem::take(self) {
            SmallMap::Few(v) => v,
            SmallMap::Many(m) => m.into_iter().collect(),
        }
    }
}

/// What a monitor watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Process(Pid),
    Port(PortId),
    /// `monitor(time_offset, clock_service)`.
    TimeOffset,
    /// A process of another node, a name there, or a name that nothing here has: nothing is known of it.
    Remote,
    /// A port's name that nothing has.
    NoPort,
}

/// A monitor that this process has set.
#[derive(Debug)]
pub struct Monitor {
    pub target: Target,
    /// It was set on this registered name.
    pub name: Option<Atom>,
    /// The reference is one that names this process, as aliases are.
    pub pid_reference: bool,
    /// What stands in place of `'DOWN'`.
    pub tag: Option<Box<Parcel>>,
    /// Object to show in the message when the target is remote.
    pub object: Option<Box<Parcel>>,
    /// The message is a priority message.
    pub priority: bool,
}

/// Who watches this process.
#[derive(Debug, Clone, Copy)]
pub struct Watcher {
    pub pid: Pid,
    /// The name that it was set on.
    pub name: Option<Atom>,
}

/// When an alias stops being one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliasMode {
    /// Only by `unalias/1`.
    Explicit,
    /// With the first message sent to it.
    Reply,
    /// With its monitor.
    Demonitor,
    /// With its monitor or the first message, which ends the monitor too.
    ReplyDemonitor,
}

/// An alias of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alias {
    pub mode: AliasMode,
    /// It takes priority messages and exit signals.
    pub priority: bool,
}

impl From<AliasMode> for Alias {
    fn from(mode: AliasMode) -> Alias {
        Alias {
            mode,
            priority: false,
        }
    }
}

impl Alias {
    /// It ends with its monitor.
    pub fn ends_with_monitor(self) -> bool {
        matches!(self.mode, AliasMode::Demonitor | AliasMode::ReplyDemonitor)
    }
    /// It ends with the first message.
    pub fn ends_with_message(self) -> bool {
        matches!(self.mode, AliasMode::Reply | AliasMode::ReplyDemonitor)
    }
}

/// One link. The peer is a pid or port, as its term word.
#[derive(Debug, Default, Clone, Copy)]
pub struct Link {
    /// Not zero: the link is gone for us, but the peer has not confirmed this `unlink` yet.
    pub unlinking: u64,
    /// An exit signal of the peer becomes a priority message.
    pub priority: bool,
}

/// A process that this one has suspended.
#[derive(Debug)]
pub struct Suspended {
    pub count: u32,
    /// Set by the other process when it is suspended.
    pub active: Arc<AtomicBool>,
}

/// How far the end of a process has come: see `process::exit`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It has a name, timers, a place in the table.
    #[default]
    Begins,
    /// It is gone for others; signals that were on their way find nobody.
    Refuses,
    /// Those who are related to it are told.
    Tells,
    /// What is left is its memory.
    Told,
}

/// What others have to do with a process. Made when it first links or monitors.
#[derive(Debug, Default)]
pub struct Relations {
    pub links: SmallMap<Word, Link>,
    pub monitors: SmallMap<RefNumbers, Monitor>,
    pub watchers: SmallMap<RefNumbers, Watcher>,
    pub aliases: SmallMap<RefNumbers, Alias>,
    /// Those we have suspended, and how often.
    pub suspending: SmallMap<Pid, Suspended>,
    /// Those who have suspended us.
    pub suspended_by: SmallMap<Pid, ()>,
    /// System tasks to execute between slices.
    pub tasks: Tasks,
    /// Why it ends, if an exit signal has settled that.
    pub killed: Option<Box<Parcel>>,
    pub ending: Ending,
    /// It was ended while it was on a dirty thread: see `sched::progress`.
    pub ghost: bool,
    next_unlink: u64,
}

impl Relations {
    /// Whether priority messages may come.
    pub fn has_priority(&self) -> bool {
        self.aliases.iter().any(|(_, a)| a.priority)
            || self.monitors.iter().any(|(_, m)| m.priority)
            || self.links.iter().any(|(_, l)| l.priority)
    }
    /// A number for an `unlink`: never zero.
    pub fn unlink_id(&mut self) -> u64 {
        self.next_unlink += 1;
        self.next_unlink
    }
}
