//! Local process and port identifiers: immediates that hold a number.

use crate::layout::{TAG_PID, TAG_PORT, Word};
use std::fmt;

/// A local process identifier. Its 60 data bits are the number (28 bits) and, above it, the serial.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Pid(u64);

/// Bits of the number part, which wraps into the serial.
pub const PID_NUMBER_BITS: u32 = 28;

impl Pid {
    #[inline(always)]
    pub const fn from_data(data: u64) -> Pid {
        Pid(data)
    }
    #[inline(always)]
    pub const fn data(self) -> u64 {
        self.0
    }
    pub const fn number(self) -> u32 {
        (self.0 & ((1 << PID_NUMBER_BITS) - 1)) as u32
    }
    pub const fn serial(self) -> u32 {
        (self.0 >> PID_NUMBER_BITS) as u32
    }
    #[inline(always)]
    pub const fn word(self) -> Word {
        (self.0 << 4) | TAG_PID
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<0.{}.{}>", self.number(), self.serial())
    }
}

/// A local port identifier.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct PortId(u64);

impl PortId {
    /// The highest number of a port.
    pub const MAX: u64 = (1 << 60) - 1;
    pub const fn from_data(data: u64) -> PortId {
        PortId(data)
    }
    pub const fn data(self) -> u64 {
        self.0
    }
    pub const fn word(self) -> Word {
        (self.0 << 4) | TAG_PORT
    }
}

impl fmt::Debug for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#Port<0.{}>", self.0)
    }
}
