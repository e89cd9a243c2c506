//! Native records (OTP 29): a fixed number of named fields, and the definition as it was when the record was made.
//!
//! A record is one heap object: its definition, then the values. A definition is a tuple that programs never see:
//!
//! | element | |
//! |---|---|
//! | 0 | order: at which place (from 0) the first, second, … field lies that the program has defined; nil without fields |
//! | 1 | hash of everything that follows, with the fields in the program's order |
//! | 2, 3, 4 | module, name, whether it is exported |
//! | 5 … | names of the fields |
//!
//! Fields lie in the order of their atoms' indexes, as the keys of a small map do, so that two of them are brought
//! together in one pass. Programs see them in the order of their definition.
//!
//! The interpreter, module `records`, and everything that walks terms call this page; no other knows the layout.

use crate::hash::phash2;
use crate::layout::*;
use crate::{Atom, Heap, Term};

/// Elements of a definition before the names of its fields.
const FIXED: usize = 5;

/// A native record.
#[derive(Clone, Copy)]
pub struct Record<'h> {
    term: Term<'h>,
    definition: Definition<'h>,
}

/// What is known of a record besides its values.
#[derive(Clone, Copy)]
pub struct Definition<'h> {
    term: Term<'h>,
    elements: &'h [Term<'h>],
}

/// Why a definition cannot be made: a name occurs twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuplicateField;

impl<'h> Definition<'h> {
    /// A new one; `fields` in the order that programs see.
    pub fn new(
        h: &'h Heap,
        module: Atom,
        name: Atom,
        exported: bool,
        fields: &[Atom],
    ) -> Result<Definition<'h>, DuplicateField> {
        let mut sorted: Vec<usize> = (0..fields.len()).collect();
        sorted.sort_unstable_by_key(|i| fields[*i].index());
        if sorted.windows(2).any(|w| fields[w[0]] == fields[w[1]]) {
            return Err(DuplicateField);
        }
        let named = [module.into(), name.into(), exported.into()];
        let hash = {
            let own = Heap::new();
            let mut hashed = named.to_vec();
            hashed.extend(fields.iter().map(|f| Term::atom(*f)));
            phash2(own.tuple(&hashed))
        };
        let order = if fields.is_empty() {
            Term::NIL
        } else {
            let mut order = vec![Term::NIL; fields.len()];
            for (place, field) in sorted.iter().enumerate() {
                order[*field] = Term::small(place as i64);
            }
            h.tuple(&order)
        };
        let mut elements = vec![order, Term::small(i64::from(hash))];
        elements.extend(named);
        elements.extend(sorted.iter().map(|i| Term::atom(fields[*i])));
        Ok(Definition::of(h.tuple(&elements)))
    }

    /// The definition that is the term, made by [`Definition::new`] or a copy of one.
    fn of(term: Term<'h>) -> Definition<'h> {
        Definition {
            term,
            elements: term.as_tuple().unwrap_or_default(),
        }
    }

    /// As a term, for who keeps it: [`Definition::kept`] takes it back.
    pub fn term(self) -> Term<'h> {
        self.term
    }

    /// The definition in a term that [`Definition::term`] gave, or a copy of it.
    pub fn kept(term: Term<'h>) -> Option<Definition<'h>> {
        let elements = term.as_tuple().filter(|e| e.len() >= FIXED)?;
        Some(Definition { term, elements })
    }

    pub fn module(self) -> Term<'h> {
        self.elements[2]
    }
    pub fn name(self) -> Term<'h> {
        self.elements[3]
    }
    pub fn exported(self) -> bool {
        self.elements[4].same(Term::TRUE)
    }
    /// The hash of all but the order of the fields' places.
    pub fn hash(self) -> u32 {
        self.elements[1].as_small().unwrap_or_default() as u32
    }
    /// The names of the fields in the order in which they lie.
    pub fn fields(self) -> &'h [Term<'h>] {
        &self.elements[FIXED..]
    }
    /// At which place the first field lies that the program has defined, the second, and so on.
    pub fn places(self) -> impl DoubleEndedIterator<Item = usize> + use<'h> {
        let order = self.elements[0].as_tuple().unwrap_or_default();
        order
            .iter()
            .map(|place| place.as_small().unwrap_or_default() as usize)
    }
    /// Where the field of this name lies.
    pub fn place_of(self, field: Term<'_>) -> Option<usize> {
        self.fields().iter().position(|f| f.same(field))
    }
    /// Whether it is the record of this module and name.
    pub fn is(self, module: Term<'_>, name: Term<'_>) -> bool {
        self.module().same(module) && self.name().same(name)
    }

    /// A record of this definition; `values` in the order in which fields lie, one for each.
    pub fn make(self, h: &'h Heap, values: impl ExactSizeIterator<Item = Term<'h>>) -> Term<'h> {
        debug_assert_eq!(values.len(), self.fields().len());
        h.record(self.term, values)
    }

    /// The same, with the values in the order of the definition.
    pub fn make_ordered(self, h: &'h Heap, values: &[Term<'h>]) -> Term<'h> {
        let mut placed = vec![Term::NIL; values.len()];
        for (value, place) in values.iter().zip(self.places()) {
            placed[place] = *value;
        }
        self.make(h, placed.into_iter())
    }
}

impl<'h> Record<'h> {
    pub fn term(self) -> Term<'h> {
        self.term
    }
    pub fn definition(self) -> Definition<'h> {
        self.definition
    }
    /// The definition and the values behind it: all that the object holds.
    pub fn parts(self) -> &'h [Term<'h>] {
        // SAFETY: a record holds terms only, as many as its header says.
        unsafe {
            let p = self.term.pointer();
            std::slice::from_raw_parts(p.add(1).cast(), header_arity(*p))
        }
    }
    /// The values in the order in which fields lie.
    pub fn values(self) -> &'h [Term<'h>] {
        &self.parts()[1..]
    }
    /// The values in the order of the definition.
    pub fn ordered(self) -> impl DoubleEndedIterator<Item = (Term<'h>, Term<'h>)> + use<'h> {
        let (fields, values) = (self.definition.fields(), self.values());
        self.definition.places().map(|i| (fields[i], values[i]))
    }
    /// The value of a field.
    pub fn get(self, field: Term<'_>) -> Option<Term<'h>> {
        self.definition.place_of(field).map(|i| self.values()[i])
    }
}

impl<'h> Term<'h> {
    #[inline]
    pub fn is_record(self) -> bool {
        self.boxed_sub() == Some(sub::RECORD)
    }
    /// The native record that this is.
    pub fn as_record(self) -> Option<Record<'h>> {
        if !self.is_record() {
            return None;
        }
        // SAFETY: the definition is the word behind a record's header.
        let definition = Definition::of(unsafe { Term::from_raw(*self.pointer().add(1)) });
        Some(Record {
            term: self,
            definition,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{cmp, eq, exact_eq};
    use crate::etf::{self, DecodeError, DecodeOptions, EncodeOptions, EtfContext, NoFuns};
    use crate::{copy, hash, print};
    use std::cmp::Ordering;

    fn atom(name: &str) -> Atom {
        Atom::new(name).unwrap()
    }

    fn record<'h>(
        h: &'h Heap,
        module: &str,
        name: &str,
        exported: bool,
        fields: &[(&str, Term<'h>)],
    ) -> Term<'h> {
        let (names, values): (Vec<_>, Vec<_>) = fields.iter().map(|f| (atom(f.0), f.1)).unzip();
        Definition::new(h, atom(module), atom(name), exported, &names)
            .unwrap()
            .make_ordered(h, &values)
    }

    #[test]
    fn fields_are_found_and_come_in_order() {
        let h = Heap::new();
        // The atoms' indexes are not in the order of the definition.
        let (second, first) = (atom("rec_second"), atom("rec_first"));
        let fields = [
            (first.name(), Term::small(1)),
            (second.name(), Term::small(2)),
        ];
        let r = record(&h, "m", "n", false, &fields).as_record().unwrap();
        assert_eq!(r.get(first.into()).and_then(Term::as_small), Some(1));
        assert_eq!(r.get(second.into()).and_then(Term::as_small), Some(2));
        assert!(r.get(Term::OK).is_none());
        let values: Vec<_> = r.ordered().filter_map(|(_, v)| v.as_small()).collect();
        assert_eq!(values, [1, 2]);
        assert!(r.definition().fields()[0].is(second));
        assert!(Definition::new(&h, first, first, true, &[second, first, second]).is_err());
        assert_eq!(
            print::to_bytes(r.term(), 100),
            b"#m:n{rec_second=2,rec_first=1}"
        );
        assert!(!r.term().is_tuple() && !r.term().is_map());
    }

    #[test]
    fn hashes_are_those_of_the_reference() {
        let h = Heap::new();
        let one = Term::small(1);
        let p = |t| hash::phash2(t);
        assert_eq!(p(record(&h, "m", "n", false, &[])), 903_494_040);
        assert_eq!(p(record(&h, "m", "n", true, &[])), 2_704_279_279);
        assert_eq!(p(record(&h, "m", "n", false, &[("a", one)])), 4_255_264_299);
        // Values are hashed in the order in which they lie.
        atom("zz");
        let fields = [("zz", Term::NIL), ("zz0", one)];
        assert_eq!(p(record(&h, "m", "n", false, &fields)), 620_759_099);
    }

    #[test]
    fn order_and_equality() {
        let h = Heap::new();
        let (one, two) = (Term::small(1), Term::small(2));
        let r = |e: bool, fields: &[_]| record(&h, "m", "n", e, fields);
        let (a, b) = ("qq_a", "qq_b");
        atom(b);
        let less = |x, y| {
            assert_eq!(cmp(x, y), Ordering::Less);
            assert_eq!(cmp(y, x), Ordering::Greater);
            assert!(!exact_eq(x, y));
        };
        less(
            r(false, &[(a, one), (b, two)]),
            r(false, &[(a, two), (b, one)]),
        );
        less(
            r(false, &[(b, one), (a, two)]),
            r(false, &[(b, two), (a, one)]),
        );
        less(
            r(false, &[(a, one), (b, two)]),
            r(false, &[(b, two), (a, one)]),
        );
        less(r(false, &[(a, two)]), r(false, &[(b, one)]));
        less(r(false, &[(b, two)]), r(false, &[(a, one), (b, one)]));
        less(r(false, &[(a, two)]), r(true, &[]));
        less(
            record(&h, "m", "zz", false, &[]),
            record(&h, "n", "a", false, &[]),
        );
        less(h.tuple(&[one]), r(false, &[]));
        less(r(false, &[]), crate::map::from_pairs(&h, &[]));
        let float = r(false, &[(a, h.float(1.0))]);
        assert!(eq(r(false, &[(a, one)]), float) && !exact_eq(r(false, &[(a, one)]), float));
        assert!(exact_eq(
            r(false, &[(a, h.tuple(&[]))]),
            r(false, &[(a, h.tuple(&[]))])
        ));
        assert!(!exact_eq(
            r(false, &[(a, h.float(1.0))]),
            h.tuple(&[h.float(1.0)])
        ));
    }

    #[test]
    fn external_form_both_ways() {
        let h = Heap::new();
        let context = EtfContext::new(&NoFuns);
        let (plain, safe) = (DecodeOptions::default(), DecodeOptions { safe: true });
        let r = record(
            &h,
            "m",
            "n",
            true,
            &[("qq_a", Term::small(1)), ("qq_b", h.tuple(&[Term::NIL]))],
        );
        let bytes = etf::encode(r, &EncodeOptions::default(), &context).unwrap();
        let expected = [
            &[131, 67, 0, 0, 0, 2, 1, 119, 1, b'm', 119, 1, b'n'][..],
            b"w\x04qq_aw\x04qq_b",
            &[97, 1, 104, 1, 106],
        ]
        .concat();
        assert_eq!(bytes, expected);
        assert_eq!(
            etf::external_size(r, &EncodeOptions::default(), &context),
            Ok(bytes.len())
        );
        let back = etf::decode(&h, &bytes, safe, &context).unwrap();
        assert!(exact_eq(back.term, r) && back.used == bytes.len());
        for end in 0..bytes.len() {
            assert!(etf::decode(&h, &bytes[..end], safe, &context).is_err());
        }
        let decode = |flags: u8, fields: &[u8]| {
            let n = (fields.len() / 3) as u8;
            let mut bytes = vec![131, 67, 0, 0, 0, n, flags, 119, 1, b'm', 119, 1, b'n'];
            bytes.extend_from_slice(fields);
            bytes.extend(std::iter::repeat_n(106, usize::from(n)));
            etf::decode(&h, &bytes, plain, &context).map(|d| d.term.is_record())
        };
        assert_eq!(decode(0, b""), Ok(true));
        assert_eq!(decode(1, b"w\x01aw\x01b"), Ok(true));
        assert_eq!(decode(1, b"w\x01aw\x01a"), Err(DecodeError::DuplicateKey));
        assert_eq!(decode(2, b"w\x01a"), Err(DecodeError::Value(67)));
        assert_eq!(decode(0x80, b"w\x01a"), Err(DecodeError::Value(67)));
        assert_eq!(decode(0, &[97, 1, 97]), Err(DecodeError::Tag(97)));
        // Equal records share their definition.
        let list = h.list(&[r, back.term]);
        let bytes = etf::encode(list, &EncodeOptions::default(), &context).unwrap();
        let again = etf::decode(&h, &bytes, safe, &context).unwrap().term;
        let both: Vec<_> = again.iter().filter_map(Term::as_record).collect();
        assert!(
            both[0]
                .definition()
                .term()
                .same(both[1].definition().term())
        );
    }

    #[test]
    fn copies_are_equal() {
        let (h, other) = (Heap::new(), Heap::new());
        let inner = record(&h, "m", "inner", false, &[("x", h.binary(&[7; 100]))]);
        let r = record(&h, "m", "n", false, &[("qq_b", inner), ("qq_a", inner)]);
        let copy = copy::copy(r, &other);
        assert!(exact_eq(copy, r) && !copy.same(r));
    }
}
