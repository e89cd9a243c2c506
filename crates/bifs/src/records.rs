//! Module `records` (OTP 29): making native records and looking into them.

use crate::prelude::*;
use corten_engine::code;
use corten_term::map;
use corten_term::record::{Definition, DuplicateField};

pub const BIFS: &[Bif] = bifs![
    records:create/4 => create,
    records:get/2 => get,
    records:get_definition/2 => get_definition,
    records:get_field_names/1 => get_field_names,
    records:get_module/1 => get_module,
    records:get_name/1 => get_name,
    records:is_exported/1 => is_exported,
    records:update/4 => update,
];

fn bad_record<'h>(p: &'h Process, t: Term<'h>) -> Stop<'h> {
    Stop::error_tuple(p, am::badrecord, t)
}

/// `{badfield, {{Module, Name}, Field}}`.
fn bad_field<'h>(p: &'h Process, module: Term<'h>, name: Term<'h>, field: Term<'h>) -> Stop<'h> {
    let id = p.heap.tuple(&[module, name]);
    Stop::error_tuple(p, am::badfield, p.heap.tuple(&[id, field]))
}

/// Whether the only option says that the record is exported.
fn exported_option<'h>(p: &'h Process, options: Term<'h>) -> Result<bool, Stop<'h>> {
    if !options.is_map() {
        return Err(Stop::error_tuple(p, am::badmap, options));
    }
    let value =
        map::get(options, Term::atom(am::is_exported)).filter(|_| options.map_size() == Some(1));
    value.and_then(Term::as_bool).badarg()
}

fn create<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (Some(module), Some(name)) = (a[0].as_atom(), a[1].as_atom()) else {
        return Err(bad_record(p, a[1]));
    };
    let exported = exported_option(p, a[3])?;
    let (mut fields, mut values) = (Vec::new(), Vec::new());
    for pair in a[2].to_vec().badarg()? {
        let [field, value] = pair.as_tuple_of().badarg()?;
        let Some(field) = field.as_atom() else {
            return Err(bad_field(p, a[0], a[1], *field));
        };
        fields.push(field);
        values.push(*value);
    }
    // A record that is defined so shares the definition of its module.
    let known = code::records::find(p, module, name).map(|found| found.definition);
    let known = known.filter(|d| d.exported() == exported && has_fields(*d, &fields));
    let definition = match known {
        Some(definition) => definition,
        None => Definition::new(&p.heap, module, name, exported, &fields)
            .map_err(|DuplicateField| Stop::BADARG)?,
    };
    Ok(definition.make_ordered(&p.heap, &values))
}

/// Whether these are the fields of the definition, in its order.
fn has_fields(definition: Definition<'_>, fields: &[Atom]) -> bool {
    let names = definition.fields();
    names.len() == fields.len()
        && definition
            .places()
            .zip(fields)
            .all(|(i, f)| names[i].is(*f))
}

fn update<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let Some(record) = a[0].as_record() else {
        return Err(bad_record(p, a[0]));
    };
    let definition = record.definition();
    // Module and name of a definition are atoms.
    if !a[2].is(am::Underscore) && !definition.is(a[1], a[2]) {
        return Err(bad_record(p, a[2]));
    }
    if !a[3].is_map() {
        return Err(Stop::error_tuple(p, am::badmap, a[3]));
    }
    let mut changes: Vec<_> = map::iter(a[3]).collect();
    if changes.is_empty() {
        return Ok(a[0]);
    }
    // The first key that is no field decides the error.
    changes.sort_by(|x, y| corten_term::compare::cmp_flat_keys(x.0, y.0));
    let mut values = record.values().to_vec();
    for (field, value) in changes {
        let Some(place) = definition.place_of(field) else {
            return Err(bad_field(p, definition.module(), definition.name(), field));
        };
        values[place] = value;
    }
    Ok(definition.make(&p.heap, values.into_iter()))
}

fn get<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    a[1].as_record().and_then(|r| r.get(a[0])).badarg()
}

fn get_module<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(a[0].as_record().badarg()?.definition().module())
}

fn get_name<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(a[0].as_record().badarg()?.definition().name())
}

fn get_field_names<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let record = a[0].as_record().ok_or_else(|| bad_record(p, a[0]))?;
    let names: Vec<_> = record.ordered().map(|(name, _)| name).collect();
    Ok(p.heap.list(&names))
}

fn is_exported<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let record = a[0].as_record().ok_or_else(|| bad_record(p, a[0]))?;
    Ok(Term::bool(record.definition().exported()))
}

/// `{#{is_exported => Boolean}, [Field | {Field, Default}]}`.
fn get_definition<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (module, name) = (a[0].as_atom().badarg()?, a[1].as_atom().badarg()?);
    let found = code::records::find(p, module, name).badarg()?;
    let definition = found.definition;
    let fields = definition.places().map(|i| {
        let field = definition.fields()[i];
        match found.defaults[i] {
            Some(value) => p.heap.tuple(&[field, value]),
            None => field,
        }
    });
    let fields: Vec<_> = fields.collect();
    let exported = Term::bool(definition.exported());
    let options = map::from_pairs(&p.heap, &[(Term::atom(am::is_exported), exported)]);
    Ok(p.heap.tuple(&[options, p.heap.list(&fields)]))
}
