//! Lowering of `bs_match`: each command becomes an instruction of its own; commands that have none stay together
//! in a general `BsMatch`.
//!
//! Destinations are not live registers, so nothing may collect between the commands: room for all they build is
//! made in front of them.

use super::*;
use crate::interp::encoding::{LITTLE, NO_LIVE, SIGNED, WINDOW, command, unit_mask};
use corten_term::layout::HEAP_BITS_MAX_BYTES;

/// A command: what [`command::word`] takes, then size in bits and the value to compare with.
#[derive(Clone, Copy)]
struct Command {
    kind: u64,
    flags: u64,
    to: usize,
    unit: u64,
    size: u64,
    value: u64,
}

impl Command {
    fn new(kind: u64, size: u64) -> Command {
        Command {
            kind,
            flags: 0,
            to: 0,
            unit: 0,
            size,
            value: 0,
        }
    }
    /// Whether it reads an unsigned byte to an X register.
    fn is_byte(&self) -> bool {
        self.kind == command::INTEGER
            && (self.size, self.flags & SIGNED) == (8, 0)
            && self.to & DST_Y == 0
    }
    /// Most heap words that it takes.
    fn heap(&self) -> usize {
        const SUB_BITS: usize = 5;
        const MOST: usize = 2 + HEAP_BITS_MAX_BYTES / 8;
        match self.kind {
            command::INTEGER if self.size >= 60 => 1 + self.size.div_ceil(64) as usize,
            command::BINARY if self.size > HEAP_BITS_MAX_BYTES as u64 * 8 => SUB_BITS,
            command::BINARY => 2 + self.size.div_ceil(64) as usize,
            command::GET_TAIL => MOST,
            _ => 0,
        }
    }
    fn words(&self) -> [Word; 3] {
        let w = command::word(self.kind, self.flags, self.to as u64, self.unit);
        [w, self.size, self.value]
    }
}

impl Lowering<'_> {
    pub(super) fn bs_match(
        &mut self,
        fail: Operand,
        context: Operand,
        list: Operand,
    ) -> Result<(), LowerError> {
        let (commands, live) = self.commands(list)?;
        let heap: usize = commands.iter().map(Command::heap).sum();
        if heap > 0 {
            self.test_heap(heap, Operand::U(live as u64))?;
        }
        let mut rest = &commands[..];
        while !rest.is_empty() {
            let mut taken = 0;
            if let Operand::X(c) = context.untyped() {
                taken = self.fast_command(fail, usize::from(c), rest);
            }
            if taken == 0 {
                self.general_command(fail, context, &rest[0])?;
                taken = 1;
            }
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// Lowers what the list begins with to a fast instruction; how many commands it has taken.
    fn fast_command(&mut self, fail: Operand, c: usize, list: &[Command]) -> usize {
        let fail = self.must(fail);
        let first = list[0];
        let fits = (1..=WINDOW as u64).contains(&first.size);
        let bytes = list[1..].iter().take_while(|c| c.is_byte()).count();
        match first.kind {
            command::ENSURE_AT_LEAST if (first.size, bytes) == (8, 1) && first.unit <= 8 => {
                if let Some(mask) = unit_mask(first.unit) {
                    self.push_jump(Op::BsEnsureByte, c, fail);
                    self.out.extend([list[1].to as Word, mask]);
                    return 2;
                }
            }
            command::ENSURE_AT_LEAST if bytes > 1 && first.size >= 8 * bytes as u64 => {
                if let Some(mask) = unit_mask(first.unit) {
                    self.push_jump(Op::BsEnsureBytes, c, fail);
                    self.out.extend([first.size, mask, bytes as Word]);
                    self.out
                        .extend(list[1..=bytes].iter().map(|b| b.to as Word));
                    return 1 + bytes;
                }
            }
            _ => {}
        }
        match first.kind {
            command::ENSURE_AT_LEAST if unit_mask(first.unit).is_some() => {
                self.push_jump(Op::BsEnsureAtLeast, c, fail);
                self.out.push(first.size);
                self.out.extend(unit_mask(first.unit));
            }
            command::ENSURE_EXACTLY => {
                self.push_jump(Op::BsEnsureExactly, c, fail);
                self.out.push(first.size);
            }
            command::INTEGER if fits && first.to & DST_Y == 0 => {
                let whole = first.size.is_multiple_of(8);
                let signed = first.flags & SIGNED != 0;
                let op = match (first.flags & LITTLE != 0 && first.size > 8, signed) {
                    (true, _) if !whole => return 0,
                    (true, false) => Op::BsIntegerLittle,
                    (true, true) => Op::BsIntegerSignedLittle,
                    (false, true) => Op::BsIntegerSigned,
                    _ => match first.size {
                        8 => Op::BsByte,
                        16 => Op::BsTwoBytes,
                        32 => Op::BsFourBytes,
                        _ if first.flags & LITTLE != 0 && !whole => return 0,
                        _ => Op::BsInteger,
                    },
                };
                self.push_op(op, c, first.to, 0);
                self.out.push(first.size);
            }
            command::SKIP => {
                self.push_op(Op::BsSkip, c, 0, 0);
                self.out.push(first.size);
            }
            command::EQUAL if fits => {
                self.push_jump(Op::BsEqual, c, fail);
                self.out.extend([first.size, first.value]);
            }
            // Its unit has been tested by the `ensure` before.
            command::GET_TAIL if !self.stress => {
                self.push_op(Op::BsGetTail, NO_LIVE, 0, first.to);
                self.out.push(source_x(c as u16));
            }
            _ => return 0,
        }
        1
    }

    fn general_command(
        &mut self,
        fail: Operand,
        context: Operand,
        command: &Command,
    ) -> Result<(), LowerError> {
        let start = self.push_op(Op::BsMatch, NO_LIVE, 1, 0);
        self.push_fail(start, fail);
        self.push_source(context)?;
        self.out.extend(command.words());
        Ok(())
    }

    /// The commands, and the number of live registers if one of them builds something.
    fn commands(&self, list: Operand) -> Result<(Vec<Command>, usize), LowerError> {
        let m = self.m;
        let mut list = list_of(list).map_or(&[][..], |r| m.list(r));
        let (mut commands, mut live) = (Vec::new(), None);
        while let Some((name, rest)) = list.split_first() {
            let mut note_live = |o: Operand| {
                if let (None, Operand::U(n)) = (live, o) {
                    live = Some(n as usize);
                }
            };
            let (command, taken) = match (self.name_of(*name), rest) {
                ("ensure_at_least", [size, unit, ..]) => {
                    let mut c = Command::new(command::ENSURE_AT_LEAST, big_number(m, *size));
                    c.unit = number(*unit) as u64;
                    (c, 2)
                }
                ("ensure_exactly", [size, ..]) => {
                    let size = big_number(m, *size);
                    (Command::new(command::ENSURE_EXACTLY, size), 1)
                }
                ("skip", [size, ..]) => (Command::new(command::SKIP, big_number(m, *size)), 1),
                (name @ ("integer" | "binary"), [l, flags, size, unit, to, ..]) => {
                    note_live(*l);
                    let kind = if name == "integer" {
                        command::INTEGER
                    } else {
                        command::BINARY
                    };
                    let mut c = Command::new(kind, big_number(m, *size) * number(*unit) as u64);
                    (c.flags, c.to) = (self.flags(*flags), packed(*to));
                    (c, 5)
                }
                ("get_tail", [l, unit, to, ..]) => {
                    note_live(*l);
                    let mut c = Command::new(command::GET_TAIL, 0);
                    (c.unit, c.to) = (number(*unit) as u64, packed(*to));
                    (c, 3)
                }
                ("=:=", [_, size, value, ..]) => {
                    let mut c = Command::new(command::EQUAL, big_number(m, *size));
                    c.value = big_number(m, *value);
                    (c, 3)
                }
                _ => return Err(LowerError::TooLarge("binary match command")),
            };
            commands.push(command);
            list = &rest[taken..];
        }
        Ok((commands, live.unwrap_or(0)))
    }
}
