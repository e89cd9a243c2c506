//! Lowering of native records (OTP 29): definitions of the module, and instructions.
//!
//! What the program says about fields is brought into the order in which they lie, so that handlers need one pass. A
//! record of the module itself is made as a tuple is: its definition and its default values are known here.

use super::*;
use corten_loader::module::RecordDef;
use corten_term::layout::NONE;
use corten_term::record::{Definition, DuplicateField};

impl Lowering<'_> {
    /// Makes the module's definitions.
    pub(super) fn record_entries(&mut self) -> Result<(), LowerError> {
        let m = self.m;
        for record in &m.records {
            let entry = self.record_entry(record)?;
            self.records.push(entry);
        }
        Ok(())
    }

    fn record_entry(&mut self, record: &RecordDef) -> Result<RecordEntry, LowerError> {
        let name = atom_of(&self.atoms, record.name);
        let names = record.fields.iter();
        let names: Vec<_> = names.map(|f| atom_of(&self.atoms, f.0)).collect();
        let heap = Heap::new();
        let definition = Definition::new(&heap, self.module(), name, record.exported, &names)
            .map_err(|DuplicateField| LowerError::Record(record.name))?;
        let mut defaults = vec![NONE; names.len()];
        for (place, (_, default)) in definition.places().zip(&record.fields) {
            if let Some(value) = default {
                defaults[place] = self.source(*value)?;
            }
        }
        Ok(RecordEntry {
            name,
            definition: self.constants.keep(definition.term())?,
            defaults: defaults.into(),
        })
    }

    pub(super) fn records(&mut self, op: Gen, args: &[Operand]) -> Result<bool, LowerError> {
        match (op, args) {
            (Gen::IsNativeRecord, [fail, record, module, name]) => {
                let fail = self.must(*fail);
                self.push_jump(Op::IsNativeRecord, 0, fail);
                for operand in [record, module, name] {
                    self.push_source(*operand)?;
                }
            }
            (Gen::IsRecordAccessible, [fail, record, scope]) => {
                let fail = self.must(*fail);
                let own = self.own_module(*scope);
                self.push_jump(Op::IsRecordAccessible, 0, fail);
                self.push_source(*record)?;
                self.out.push(own);
            }
            (Gen::GetRecordField, [fail, record, id, field, to]) => {
                let start = self.push_op(Op::GetRecordField, packed(*to), 0, 0);
                self.push_label(start, label_of(*fail));
                for operand in [record, id, field] {
                    self.push_source(*operand)?;
                }
            }
            (Gen::GetRecordElements, [fail, record, list]) => {
                let pairs = self.field_pairs(*list, |_, to| Ok(packed(to) as Word))?;
                let start = self.push_op(Op::GetRecordElements, pairs.len(), 0, 0);
                self.push_fail(start, *fail);
                self.push_source(*record)?;
                self.out.extend(pairs.concat());
            }
            (Gen::PutRecord, [fail, id, Operand::Atom(0), to, live, list]) => {
                let pairs = self.field_pairs(*list, |l, value| l.source(value))?;
                let own = match id {
                    Operand::Atom(name) => self.own_record(atom_of(&self.atoms, *name), &pairs),
                    _ => None,
                };
                if let Some(words) = own {
                    let n = words.len() - 1;
                    self.push_op(Op::MakeRecord, number(*live), n, packed(*to));
                    self.out.extend(words);
                } else {
                    let id = self.record_id(*id)?;
                    let start =
                        self.push_op(Op::CreateRecord, number(*live), pairs.len(), packed(*to));
                    self.push_label(start, label_of(*fail));
                    self.out.push(id);
                    self.out.extend(pairs.concat());
                }
            }
            // What the record is has been tested before.
            (Gen::PutRecord, [fail, _, record, to, live, list]) => {
                let pairs = self.field_pairs(*list, |l, value| l.source(value))?;
                let start = self.push_op(
                    Op::UpdateNativeRecord,
                    number(*live),
                    pairs.len(),
                    packed(*to),
                );
                self.push_label(start, label_of(*fail));
                self.push_source(*record)?;
                self.out.extend(pairs.concat());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The module to which records belong that are accessible although not exported; nil for none.
    fn own_module(&self, scope: Operand) -> Word {
        match scope {
            Operand::Atom(i) if self.m.atom(i) == "external" => NIL,
            _ => self.atoms[1],
        }
    }

    /// Names of fields and what belongs to them, in the order in which fields lie.
    fn field_pairs(
        &mut self,
        list: Operand,
        mut second: impl FnMut(&mut Self, Operand) -> Result<Word, LowerError>,
    ) -> Result<Vec<[Word; 2]>, LowerError> {
        let m = self.m;
        let list = list_of(list).map_or(&[][..], |r| m.list(r));
        if list.len() / 2 > 0xFFFF {
            return Err(LowerError::TooLarge("record"));
        }
        let mut pairs = Vec::with_capacity(list.len() / 2);
        for pair in list.chunks_exact(2) {
            pairs.push([self.source(pair[0])?, second(self, pair[1])?]);
        }
        // Atoms' words are in the order of their indexes.
        pairs.sort_by_key(|pair| pair[0]);
        Ok(pairs)
    }

    /// Definition and values of a record of this module, if every field has a value and there is no other.
    fn own_record(&self, name: Atom, pairs: &[[Word; 2]]) -> Option<Vec<Word>> {
        let entry = self.records.iter().rev().find(|r| r.name == name)?;
        // SAFETY: a literal of the module.
        let definition = Definition::kept(unsafe { Term::from_raw(entry.definition) })?;
        // A source word may well be the word that stands for no value.
        let defaults = entry.defaults.iter();
        let mut values: Vec<_> = defaults.map(|w| (*w != NONE).then_some(*w)).collect();
        for [field, value] in pairs {
            // SAFETY: whatever the operand is, it is only compared.
            let place = definition.place_of(unsafe { Term::from_raw(*field) })?;
            values[place] = Some(*value);
        }
        let words = std::iter::once(Some(entry.definition)).chain(values);
        let words: Vec<_> = words.collect::<Option<_>>()?;
        (words.len() <= 0xFFFF).then_some(words)
    }

    /// Module and name of a record, as a literal.
    fn record_id(&mut self, id: Operand) -> Result<Word, LowerError> {
        let Operand::Atom(name) = id else {
            return self.source(id);
        };
        let heap = Heap::new();
        let name = Term::atom(atom_of(&self.atoms, name));
        self.constants
            .keep(heap.tuple(&[Term::atom(self.module()), name]))
    }
}
