//! Loaded code: one instance of a module, its tables, and where its memory is.

use super::FunRef;
use super::records::RecordEntry;
use crate::process::Mfa;
use corten_loader::module::LineEntry;
use corten_term::literal_area::LiteralArea;
use corten_term::{Atom, Word};
use std::sync::{Mutex, PoisonError};

/// A function of an instance. Offsets count words from the start of the code.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    pub name: Atom,
    pub arity: u8,
    /// Where its header lies; the entry is four words behind.
    pub start: u32,
}

impl Function {
    pub const HEADER: u32 = 4;
    pub fn entry(&self) -> u32 {
        self.start + Function::HEADER
    }
}

/// A position in source code for all instructions from `offset` to the next mark.
#[derive(Debug, Clone, Copy)]
pub struct LineMark {
    pub offset: u32,
    pub entry: u32,
}

/// One instance of a module's code.
#[derive(Debug)]
pub struct Loaded {
    pub module: Atom,
    pub md5: [u8; 16],
    code: *mut Word,
    pub words: usize,
    /// In the order of their places.
    pub functions: Vec<Function>,
    pub lines: Vec<LineMark>,
    pub line_entries: Vec<LineEntry>,
    pub files: Vec<Box<str>>,
    /// Name, arity, offset of the entry.
    pub exports: Vec<(Atom, u8, u32)>,
    /// What the code refers to; empty once the instance is purged.
    literals: Mutex<Vec<LiteralArea>>,
    /// What `bs_match_string` and string segments point into.
    pub strings: Box<[u8]>,
    /// External terms, or empty.
    pub attributes: Box<[u8]>,
    pub compile_info: Box<[u8]>,
    /// Fun entries and the offsets of their bodies.
    pub funs: Vec<(FunRef, u32)>,
    /// Offset of the `-on_load` function's entry.
    pub on_load: Option<u32>,
    /// Native records that the module defines.
    pub records: Vec<RecordEntry>,
    /// Native functions that `load_nif` has patched in.
    pub nifs: Mutex<Vec<(Atom, u8)>>,
}

// SAFETY: code words are changed only by atomic stores of whole instructions (`load_nif`).
unsafe impl Send for Loaded {}
// SAFETY: as above.
unsafe impl Sync for Loaded {}

/// The parts of an instance but for its code.
#[derive(Debug)]
pub struct Parts {
    pub module: Atom,
    pub md5: [u8; 16],
    pub functions: Vec<Function>,
    pub lines: Vec<LineMark>,
    pub line_entries: Vec<LineEntry>,
    pub files: Vec<Box<str>>,
    pub exports: Vec<(Atom, u8, u32)>,
    pub literals: Vec<LiteralArea>,
    pub strings: Box<[u8]>,
    pub attributes: Box<[u8]>,
    pub compile_info: Box<[u8]>,
    pub funs: Vec<(FunRef, u32)>,
    pub on_load: Option<u32>,
    pub records: Vec<RecordEntry>,
}

impl Loaded {
    pub fn new(code: Vec<Word>, parts: Parts) -> Loaded {
        let words = code.len();
        Loaded {
            code: Box::into_raw(code.into_boxed_slice()).cast(),
            words,
            module: parts.module,
            md5: parts.md5,
            functions: parts.functions,
            lines: parts.lines,
            line_entries: parts.line_entries,
            files: parts.files,
            exports: parts.exports,
            literals: Mutex::new(parts.literals),
            strings: parts.strings,
            attributes: parts.attributes,
            compile_info: parts.compile_info,
            funs: parts.funs,
            on_load: parts.on_load,
            records: parts.records,
            nifs: Mutex::default(),
        }
    }

    pub fn start(&self) -> *mut Word {
        self.code
    }
    /// The address `offset` words into the code.
    pub fn at(&self, offset: u32) -> *mut Word {
        debug_assert!((offset as usize) < self.words);
        self.code.wrapping_add(offset as usize)
    }
    pub fn contains(&self, pc: *const Word) -> bool {
        let (at, start) = (pc as usize, self.code as usize);
        at >= start && at < start + self.bytes()
    }
    /// Bytes of the code.
    pub fn bytes(&self) -> usize {
        self.words * size_of::<Word>()
    }
    /// The code words.
    pub fn code(&self) -> &[Word] {
        // SAFETY: ours; patched words are read as they are at the moment.
        unsafe { std::slice::from_raw_parts(self.code, self.words) }
    }
    fn offset(&self, pc: *const Word) -> u32 {
        ((pc as usize - self.code as usize) / 8) as u32
    }
    /// The function that holds the address.
    pub fn function_at(&self, pc: *const Word) -> Option<&Function> {
        let offset = self.offset(pc);
        let i = self.functions.partition_point(|f| f.start <= offset);
        self.functions.get(i.checked_sub(1)?)
    }
    pub fn find(&self, name: Atom, arity: u8) -> Option<&Function> {
        self.functions
            .iter()
            .find(|f| f.name == name && f.arity == arity)
    }
    /// File and line of an address.
    pub fn line_at(&self, pc: *const Word) -> Option<(&str, u32)> {
        let offset = self.offset(pc);
        let function = self.function_at(pc)?;
        let i = self.lines.partition_point(|m| m.offset <= offset);
        let mark = self.lines.get(i.checked_sub(1)?)?;
        if mark.offset < function.start || mark.entry == 0 {
            return None;
        }
        let entry = self.line_entries.get(mark.entry as usize)?;
        // The reference engine packs a position into 32 bits and drops what does not fit.
        if entry.line >= (1 << 24) - 1 || entry.file >= 255 {
            return None;
        }
        Some((self.files.get(entry.file as usize)?, entry.line))
    }
    /// Takes the literals away, as the instance is purged: its code runs no more, but processes may hold them.
    pub fn take_literals(&self) -> Vec<LiteralArea> {
        std::mem::take(&mut *self.literals.lock().unwrap_or_else(PoisonError::into_inner))
    }
    /// Functions that `load_nif` has replaced.
    pub fn nif_names(&self) -> Vec<(Atom, u8)> {
        self.nifs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
    pub fn mfa(&self, f: &Function) -> Mfa {
        Mfa {
            module: self.module,
            function: f.name,
            arity: f.arity,
        }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: made by `into_raw` of a box of this size; only whoever has made sure that nothing runs or returns
        // here drops the last handle.
        unsafe {
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(
                self.code, self.words,
            )));
        }
    }
}
