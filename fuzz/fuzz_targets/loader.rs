//! Any bytes either load or are refused; what loads can be disassembled. Seeds: any `.beam` files.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(module) = corten_loader::load(bytes) {
        let mut text = String::new();
        let _ = corten_loader::disasm::write_module(&mut text, &module);
        for function in &module.functions {
            for instr in module.code_of(function) {
                assert_eq!(module.args(instr).len(), usize::from(instr.op.arity()));
            }
        }
    }
});
