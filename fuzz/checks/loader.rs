// Any bytes either load or are refused; what loads can be disassembled, and every instruction has the operands that
// the table promises. Run by the fuzz target and, over the committed corpus, by a test of the crate.

pub fn check(bytes: &[u8]) {
    let Ok(module) = corten_loader::load(bytes) else {
        return;
    };
    let mut text = String::new();
    let _ = corten_loader::disasm::write_module(&mut text, &module);
    for function in &module.functions {
        for instr in module.code_of(function) {
            assert_eq!(module.args(instr).len(), usize::from(instr.op.arity()));
        }
    }
    for record in &module.records {
        for (field, _) in &record.fields {
            assert!((*field as usize) < module.atoms.len());
        }
    }
}
