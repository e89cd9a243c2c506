//! Temporary.
#![allow(missing_docs, clippy::all)]
use std::cell::RefCell;
use std::time::Instant;
#[derive(Default)]
struct T { at: Option<Instant>, cpu: u64, faults: i64, ctx: (i64, i64), marks: Vec<(String, u64)>, last: Option<Instant> }
thread_local! { static T_: RefCell<T> = RefCell::new(T::default()); }
fn cpu() -> u64 { let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime); t.tv_sec as u64 * 1000000 + t.tv_nsec as u64 / 1000 }
fn on() -> bool { use std::sync::OnceLock; static O: OnceLock<bool> = OnceLock::new(); *O.get_or_init(|| std::env::var_os("CORTEN_SLICES").is_some()) }
fn status() -> (i64, (i64, i64)) { (0, (0, 0)) }
pub fn begin() { if !on() { return; } T_.with(|t| { let mut t = t.borrow_mut(); let now = Instant::now();
  if let Some(l) = t.last { let d = now.duration_since(l).as_micros(); if d > 1500 && d < 0 { eprintln!("gap {d}"); } }
  t.cpu = cpu(); let s = status(); t.faults = s.0; t.ctx = s.1; t.marks.clear(); t.at = Some(now); }) }
pub fn mark(what: impl FnOnce() -> String) { if !on() { return; } T_.with(|t| { let mut t = t.borrow_mut(); let Some(at) = t.at else { return }; let d = at.elapsed().as_micros() as u64; if t.marks.len() < 40 { let w = what(); t.marks.push((w, d)); } }) }
pub fn end(index: usize) { if !on() { return; } T_.with(|t| { let mut t = t.borrow_mut(); let now = Instant::now(); t.last = Some(now);
  let Some(at) = t.at.take() else { return }; let wall = now.duration_since(at).as_micros() as u64; let c = cpu() - t.cpu;
  if wall > 1500 { eprintln!("S{index} slice wall {wall} cpu {c} {:?}", t.marks); } }) }
