//! Tells the interpreter whether it may rely on sibling calls: `corten_tail` is set for optimised builds without
//! debug assertions (an assertion's cleanup can stand between a handler and its jump).

fn main() {
    println!("cargo::rustc-check-cfg=cfg(corten_tail)");
    println!("cargo::rerun-if-changed=build.rs");
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    let assertions = std::env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_some();
    // What counts instructions does so in the loop.
    let counts = std::env::var_os("CARGO_FEATURE_OP_COUNTS").is_some();
    if matches!(level.as_str(), "2" | "3") && !assertions && !counts {
        println!("cargo::rustc-cfg=corten_tail");
    }
}
