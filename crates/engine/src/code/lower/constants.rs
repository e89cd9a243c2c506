//! Constants of a module: literals and large integers, as terms in areas of the literal range.

use super::super::funs::Codec;
use super::LowerError;
use corten_loader::module::Module;
use corten_term::etf::{self, DecodeOptions, EtfContext};
use corten_term::layout::{MAP_FLAT_MAX, SMALL_MAX, SMALL_MIN};
use corten_term::literal_area::LiteralArea;
use corten_term::{Heap, Term, Word, map};
use std::collections::HashMap;

/// See the module page.
pub struct Constants {
    literals: Vec<Word>,
    ints: HashMap<i64, Word>,
    bigs: HashMap<u32, Word>,
    /// By their keys.
    templates: HashMap<Box<[Word]>, Word>,
    pub areas: Vec<LiteralArea>,
}

/// Copies terms into a fresh area; gives their words.
fn settle(terms: &[Term<'_>]) -> Result<(LiteralArea, Vec<Word>), LowerError> {
    LiteralArea::holding(terms).ok_or(LowerError::NoRoom)
}

impl Constants {
    pub fn new(m: &Module) -> Result<Constants, LowerError> {
        let heap = Heap::new();
        let context = EtfContext::new(&Codec);
        let mut terms = Vec::with_capacity(m.literals.len());
        for bytes in m.literals.iter() {
            let decoded = etf::decode(&heap, bytes, DecodeOptions::default(), &context)
                .map_err(|e| LowerError::Literal(format!("{e:?}")))?;
            terms.push(decoded.term);
        }
        let (area, literals) = settle(&terms)?;
        Ok(Constants {
            literals,
            ints: HashMap::new(),
            bigs: HashMap::new(),
            templates: HashMap::new(),
            areas: vec![area],
        })
    }

    /// Adds a term to the literals; its index.
    pub fn add(&mut self, t: Term<'_>) -> Result<u32, LowerError> {
        let w = self.keep(t)?;
        self.literals.push(w);
        Ok(self.literals.len() as u32 - 1)
    }

    pub fn literal(&self, index: u32) -> Word {
        self.literals[index as usize]
    }
    pub fn literal_term(&self, index: u32) -> Term<'_> {
        // SAFETY: literals live as long as the areas.
        unsafe { Term::from_raw(self.literal(index)) }
    }

    pub fn int(&mut self, v: i64) -> Result<Word, LowerError> {
        if (SMALL_MIN..=SMALL_MAX).contains(&v) {
            return Ok(Term::small(v).raw());
        }
        if let Some(w) = self.ints.get(&v) {
            return Ok(*w);
        }
        let heap = Heap::new();
        let w = self.keep(heap.int(v))?;
        self.ints.insert(v, w);
        Ok(w)
    }

    pub fn big(&mut self, m: &Module, index: u32) -> Result<Word, LowerError> {
        if let Some(w) = self.bigs.get(&index) {
            return Ok(*w);
        }
        let b = &m.big_ints[index as usize];
        let mut limbs = Vec::new();
        for chunk in b.magnitude.rchunks(8) {
            limbs.push(chunk.iter().fold(0, |v, byte| v << 8 | u64::from(*byte)));
        }
        let heap = Heap::new();
        let w = self.keep(heap.big(b.negative, &limbs))?;
        self.bigs.insert(index, w);
        Ok(w)
    }

    /// What a map with these immediate keys is best made from, where the program makes it from a literal: from an empty one,
    /// a map with all keys, which the new one then shares instead of having keys of its own.
    pub fn map_to_fill(&mut self, literal: u32, keys: &[Word]) -> Result<Word, LowerError> {
        let empty = self.literal_term(literal).map_size() == Some(0);
        if !empty || keys.len() > MAP_FLAT_MAX {
            return Ok(self.literal(literal));
        }
        if let Some(w) = self.templates.get(keys) {
            return Ok(*w);
        }
        let heap = Heap::new();
        let pairs: Vec<_> = keys
            .iter()
            // SAFETY: immediates.
            .map(|k| (unsafe { Term::from_raw(*k) }, Term::NIL))
            .collect();
        let w = self.keep(map::from_pairs(&heap, &pairs))?;
        self.templates.insert(keys.into(), w);
        Ok(w)
    }

    /// A term that lives as long as the code.
    pub fn keep(&mut self, t: Term<'_>) -> Result<Word, LowerError> {
        let (area, words) = settle(&[t])?;
        self.areas.push(area);
        Ok(words[0])
    }
}
