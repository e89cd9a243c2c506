//! The arguments of `open_port/2`.

use super::core::Limits;
use crate::prim_file::names::native;
use corten_term::{Term, am};

/// What is to be opened.
#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// A command for the shell, or a driver's name.
    Spawn(Vec<u8>),
    Driver(Vec<u8>),
    Executable(Vec<u8>),
    Descriptors(i32, i32),
}

/// How.
#[derive(Debug)]
pub struct Options {
    pub packet: usize,
    pub line: Option<usize>,
    pub input: bool,
    pub output: bool,
    pub use_stdio: bool,
    pub stderr_to_stdout: bool,
    pub binary: bool,
    pub eof: bool,
    pub exit_status: bool,
    pub parallelism: bool,
    pub cd: Option<Vec<u8>>,
    /// Variables to set, or to take away.
    pub env: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub arg0: Option<Vec<u8>>,
    pub args: Option<Vec<Vec<u8>>>,
    pub limits: Limits,
}

/// What is wrong with the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    Argument,
    Option,
}

impl What {
    pub fn parse(t: Term<'_>) -> Result<What, Bad> {
        let tuple = t.as_tuple().ok_or(Bad::Argument)?;
        let kind = tuple
            .first()
            .and_then(|t| t.as_atom())
            .ok_or(Bad::Argument)?;
        match (kind, &tuple[1..]) {
            (am::fd, [i, o]) => {
                let number = |t: &Term<'_>| crate::args::int(*t).ok_or(Bad::Argument);
                Ok(What::Descriptors(number(i)?, number(o)?))
            }
            (_, [name]) => {
                let name = native(*name).filter(|n| !n.is_empty()).ok_or(Bad::Argument);
                match kind {
                    am::spawn => Ok(What::Spawn(name?)),
                    am::spawn_driver => Ok(What::Driver(name?)),
                    am::spawn_executable => Ok(What::Executable(name?)),
                    _ => Err(Bad::Argument),
                }
            }
            _ => Err(Bad::Argument),
        }
    }
}

impl Options {
    pub fn parse(list: Term<'_>) -> Result<Options, Bad> {
        let mut o = Options {
            packet: 0,
            line: None,
            input: false,
            output: false,
            use_stdio: true,
            stderr_to_stdout: false,
            binary: false,
            eof: false,
            exit_status: false,
            parallelism: false,
            cd: None,
            env: Vec::new(),
            arg0: None,
            args: None,
            limits: Limits::default(),
        };
        for t in list.to_vec().ok_or(Bad::Option)? {
            match (t.as_atom(), t.as_tuple_of::<2>()) {
                (Some(flag), _) => o.flag(flag)?,
                (_, Some([key, value])) => o.pair(key.as_atom().ok_or(Bad::Option)?, *value)?,
                _ => return Err(Bad::Option),
            }
        }
        if !o.input && !o.output {
            (o.input, o.output) = (true, true);
        }
        if (o.line.is_some() && o.packet != 0) || (o.stderr_to_stdout && !o.use_stdio) {
            return Err(Bad::Option);
        }
        Ok(o)
    }

    fn flag(&mut self, flag: corten_term::Atom) -> Result<(), Bad> {
        match flag {
            am::stream => self.packet = 0,
            am::use_stdio => self.use_stdio = true,
            am::nouse_stdio => self.use_stdio = false,
            am::stderr_to_stdout => self.stderr_to_stdout = true,
            am::line => self.line = Some(512),
            am::binary => self.binary = true,
            am::in_ => self.input = true,
            am::out => self.output = true,
            am::eof => self.eof = true,
            am::exit_status => self.exit_status = true,
            // For other systems only.
            am::hide | am::overlapped_io => {}
            _ => return Err(Bad::Option),
        }
        Ok(())
    }

    fn pair(&mut self, key: corten_term::Atom, value: Term<'_>) -> Result<(), Bad> {
        match key {
            am::packet => match value.as_small() {
                Some(n @ (1 | 2 | 4)) => self.packet = n as usize,
                _ => return Err(Bad::Option),
            },
            am::line => {
                let max = value.as_usize().filter(|n| *n > 0);
                self.line = Some(max.ok_or(Bad::Option)?);
            }
            am::env => self.env = variables(value).ok_or(Bad::Option)?,
            am::args => {
                let args = value.to_vec().ok_or(Bad::Option)?;
                let args: Option<Vec<_>> = args.into_iter().map(native).collect();
                self.args = Some(args.ok_or(Bad::Option)?);
            }
            am::arg0 => self.arg0 = Some(native(value).ok_or(Bad::Option)?),
            // A directory that is no name is a bad argument, not a bad option.
            am::cd => self.cd = Some(native(value).ok_or(Bad::Argument)?),
            am::parallelism => self.parallelism = value.as_bool().ok_or(Bad::Option)?,
            am::busy_limits_port => self.limits = limits(value).ok_or(Bad::Option)?,
            am::busy_limits_msgq => {
                // There is no queue of messages in front of a port: signals act at once.
                limits(value).ok_or(Bad::Option)?;
            }
            _ => return Err(Bad::Option),
        }
        Ok(())
    }
}

type Variables = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// `[{Name, Value | false}]`; a bare name is taken away too.
fn variables(list: Term<'_>) -> Option<Variables> {
    let text = |t: Term<'_>| is_text(t).then(|| native(t))?;
    let variable = |t: Term<'_>| {
        let [name, value] = *t.as_tuple_of::<2>()?;
        let value = if value.is_nil() || value.as_bool() == Some(false) {
            None
        } else {
            Some(text(value)?)
        };
        let name = text(name)?;
        // A first character `=` is left over from other systems and allowed.
        let valid = !name.iter().skip(1).any(|c| *c == b'=');
        valid.then_some((name, value))
    };
    list.to_vec()?.into_iter().map(variable).collect()
}

/// Characters in a list, which may be deep: other file names are none here.
fn is_text(t: Term<'_>) -> bool {
    let mut left = vec![t];
    while let Some(t) = left.pop() {
        match t.as_cons() {
            Some((head, tail)) => left.extend([head, tail].into_iter().filter(|t| !t.is_small())),
            None if t.is_nil() => {}
            None => return false,
        }
    }
    true
}

fn limits(value: Term<'_>) -> Option<Limits> {
    if value.is(corten_term::am::disabled) {
        return Some(Limits {
            low: usize::MAX,
            high: usize::MAX,
        });
    }
    let [low, high] = value.as_tuple_of::<2>()?;
    let (low, high) = (low.as_usize()?, high.as_usize()?);
    (low > 0 && high > 0).then(|| Limits {
        low: low.min(high),
        high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::Heap;

    #[test]
    fn options() {
        let h = Heap::new();
        let atom = |a| Term::atom(a);
        let pair = |k, v| h.tuple(&[atom(k), v]);
        let env = h.list(&[
            h.tuple(&[h.latin1_string(b"A"), h.latin1_string(b"1")]),
            h.tuple(&[h.latin1_string(b"B"), Term::FALSE]),
        ]);
        let list = [
            atom(am::binary),
            pair(am::packet, Term::small(4)),
            pair(am::env, env),
        ];
        let o = Options::parse(h.list(&list)).unwrap();
        assert!(o.binary && o.input && o.output && o.packet == 4);
        assert_eq!(o.env[0], (b"A".to_vec(), Some(b"1".to_vec())));
        assert_eq!(o.env[1], (b"B".to_vec(), None));
        let bad = |l: &[Term<'_>]| Options::parse(h.list(l)).map(|_| ()).unwrap_err();
        assert_eq!(bad(&[pair(am::packet, Term::small(3))]), Bad::Option);
        assert_eq!(bad(&[list[1], atom(am::line)]), Bad::Option);
        assert_eq!(bad(&[Term::small(1)]), Bad::Option);
    }

    #[test]
    fn names() {
        let h = Heap::new();
        let t = h.tuple(&[Term::atom(am::fd), Term::small(0), Term::small(1)]);
        assert_eq!(What::parse(t), Ok(What::Descriptors(0, 1)));
        let t = h.tuple(&[Term::atom(am::spawn), h.latin1_string(b"ls")]);
        assert_eq!(What::parse(t), Ok(What::Spawn(b"ls".to_vec())));
        assert_eq!(What::parse(Term::NIL), Err(Bad::Argument));
    }
}
