//! Instructions for native records (OTP 29).
//!
//! A field of a record is accessed by its own, captured definition; only creation looks at the definition that a
//! module has. Fields come sorted as they lie in records, so one pass brings them together.

use super::exceptions::{error, error_pair};
use super::machine::*;
use crate::{Process, code};
use corten_term::record::{Definition, Record};
use corten_term::{Atom, Term, Word, am};

/// `is_native_record`: module and name of what is a record.
///
/// # Safety
/// All functions here: called as slow instructions.
pub unsafe fn is_native_record(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises.
    let cx = unsafe { Cx::new(p, x, pc) };
    let record = cx.src(1).as_record();
    if record.is_some_and(|r| r.definition().is(cx.src(2), cx.src(3))) {
        cx.skip(4)
    } else {
        cx.at(rel(cx.word(0)))
    }
}

/// `is_record_accessible`: exported, or of the module in word 2.
///
/// # Safety
/// As above.
pub unsafe fn is_accessible(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let accessible = cx.src(1).as_record().is_some_and(|r| {
        let definition = r.definition();
        definition.exported() || definition.module().same(cx.src(2))
    });
    if accessible {
        cx.skip(3)
    } else {
        cx.at(rel(cx.word(0)))
    }
}

/// `get_record_field`: the identity is a name, `_`, or a tuple of module and name for access from outside.
///
/// # Safety
/// As above.
pub unsafe fn get_field(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let (term, id, field) = (cx.src(2), cx.src(3), cx.src(4));
    let fits = |r: &Record<'_>| {
        let definition = r.definition();
        match id.as_tuple_of() {
            Some([module, name]) => definition.exported() && definition.is(*module, *name),
            None => id.is(am::Underscore) || definition.name().same(id),
        }
    };
    let record = term.as_record().filter(fits);
    if let Some(value) = record.and_then(|r| r.get(field)) {
        cx.put(cx.a(), value);
        return cx.skip(5);
    }
    if let Some(fail) = cx.label(1) {
        return fail;
    }
    match record {
        Some(r) => bad_field(cx, am::badfield, r.definition(), field),
        None => error_pair(cx, am::badrecord, term),
    }
}

/// `get_record_elements`: `a` fields, all of which must be there.
///
/// # Safety
/// As above.
pub unsafe fn get_elements(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let n = cx.a();
    let fail = cx.at(cx.word(1) as isize);
    let Some(record) = cx.src(2).as_record() else {
        return fail;
    };
    let (fields, values) = (record.definition().fields(), record.values());
    let mut place = 0;
    for i in 0..n {
        let field = cx.word(3 + 2 * i);
        let Some(found) = fields[place..].iter().position(|f| f.raw() == field) else {
            return fail;
        };
        place += found;
        cx.put(cx.word(4 + 2 * i) as usize, values[place]);
    }
    cx.skip(3 + 2 * n)
}

/// `put_record` for a new record of the module itself: `a` live, `b` values, `c` destination; definition, values.
///
/// # Safety
/// As above.
pub unsafe fn make(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(cx.a());
    let n = cx.b();
    if let Some(definition) = Definition::kept(cx.src(1)) {
        let record = definition.make(&p.heap, (0..n).map(|i| cx.src(2 + i)));
        cx.put(cx.c(), record);
    }
    cx.skip(2 + n)
}

/// `put_record` for a new record of another module, if it exports it, or one that lacks values: `a` live, `b` fields,
/// `c` destination; fail offset, module and name, fields and values.
///
/// # Safety
/// As above.
pub unsafe fn create(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(cx.a());
    let (id, n) = (cx.src(2), cx.b());
    let found = id
        .as_tuple_of()
        .and_then(|[module, name]| code::records::find(p, module.as_atom()?, name.as_atom()?))
        .filter(|found| found.definition.exported());
    let Some(found) = found else {
        return fail_or(cx, |cx| error_pair(cx, am::badrecord, id));
    };
    let definition = found.definition;
    let mut values = found.defaults;
    for i in 0..n {
        let field = cx.src(3 + 2 * i);
        let Some(place) = definition.place_of(field) else {
            return fail_or(cx, |cx| bad_field(cx, am::badfield, definition, field));
        };
        values[place] = Some(cx.src(4 + 2 * i));
    }
    if let Some(place) = values.iter().position(Option::is_none) {
        let field = definition.fields()[place];
        return fail_or(cx, |cx| bad_field(cx, am::novalue, definition, field));
    }
    let values = values.into_iter().map(|v| v.unwrap_or(Term::NIL));
    cx.put(cx.c(), definition.make(&p.heap, values));
    cx.skip(3 + 2 * n)
}

/// `put_record` for other values in a record: `a` live, `b` fields, `c` destination; fail offset, record, fields and
/// values.
///
/// # Safety
/// As above.
pub unsafe fn update(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(cx.a());
    let (term, n) = (cx.src(2), cx.b());
    let Some(record) = term.as_record() else {
        return fail_or(cx, |cx| error_pair(cx, am::badrecord, term));
    };
    let definition = record.definition();
    let mut values = record.values().to_vec();
    for i in 0..n {
        let field = cx.src(3 + 2 * i);
        let Some(place) = definition.place_of(field) else {
            return fail_or(cx, |cx| bad_field(cx, am::badfield, definition, field));
        };
        values[place] = cx.src(4 + 2 * i);
    }
    cx.put(cx.c(), definition.make(&p.heap, values.into_iter()));
    cx.skip(3 + 2 * n)
}

/// Jumps to the fail label, if there is one.
fn fail_or<'h>(cx: Cx<'h>, raise: impl FnOnce(Cx<'h>) -> Go) -> Go {
    match cx.label(1) {
        Some(fail) => fail,
        None => raise(cx),
    }
}

/// Raises `{Tag, {{Module, Name}, Field}}`.
#[cold]
fn bad_field<'h>(cx: Cx<'h>, tag: Atom, definition: Definition<'h>, field: Term<'h>) -> Go {
    let h = &cx.p.heap;
    let id = h.tuple(&[definition.module(), definition.name()]);
    let reason = h.tuple(&[tag.into(), h.tuple(&[id, field])]);
    error(cx, reason)
}
