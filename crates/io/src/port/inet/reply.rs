//! Messages of the inet drivers to those who wait for an outcome.

use super::Failure;
use crate::atoms::intern;
use crate::{deliver, poll};
use corten_term::etf::{self, DecodeOptions, EtfContext, NoFuns};
use corten_term::{Heap, Pid, PortId, Term, am};
use std::time::Duration;

/// A request that is answered later.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    pub number: u16,
    pub caller: Pid,
    timer: Option<poll::Timer>,
}

impl Waiting {
    /// `time` is milliseconds; negative is for ever.
    pub fn new(port: PortId, number: u16, caller: Pid, time: i32) -> Waiting {
        let timer = u64::try_from(time)
            .ok()
            .map(|ms| timer(port, ms, number.into()));
        Waiting {
            number,
            caller,
            timer,
        }
    }
    /// `{inet_async, Port, Number, Result}`.
    pub fn answer(self, port: PortId, result: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) {
        if let Some(t) = self.timer {
            poll::cancel(t);
        }
        deliver::message(self.caller, |h| {
            h.tuple(&[
                Term::atom(intern("inet_async")),
                Term::port(port),
                Term::small(self.number.into()),
                result(h),
            ])
        });
    }
    /// Nobody waits any more.
    pub fn forget(self) {
        if let Some(t) = self.timer {
            poll::cancel(t);
        }
    }
    pub fn fail(self, port: PortId, why: Failure) {
        self.answer(port, |h| failure(h, why));
    }
}

/// Calls the driver's `timeout` after a time.
pub fn timer(port: PortId, milliseconds: u64, what: u64) -> poll::Timer {
    let expire = move || {
        if let Some(port) = crate::port::find(port) {
            port.with(|core, driver| driver.timeout(core, what));
        }
    };
    poll::after(Duration::from_millis(milliseconds), Box::new(expire))
}

/// `{error, Reason}`.
pub fn failure(h: &Heap, why: Failure) -> Term<'_> {
    h.tuple(&[Term::atom(am::error), Term::atom(intern(why.0))])
}

/// `{inet_reply, Port, ok | {error, Reason}, Reference}`, to who has sent data. The reference is in external
/// format.
pub fn sent(to: Pid, port: PortId, reference: &[u8], outcome: Result<(), Failure>) {
    deliver::message(to, |h| {
        let context = EtfContext::new(&NoFuns);
        let reference = etf::decode(h, reference, DecodeOptions::default(), &context)
            .map_or(Term::UNDEFINED, |d| d.term);
        let outcome = match outcome {
            Ok(()) => Term::OK,
            Err(why) => failure(h, why),
        };
        let kind = Term::atom(intern("inet_reply"));
        h.tuple(&[kind, Term::port(port), outcome, reference])
    });
}
