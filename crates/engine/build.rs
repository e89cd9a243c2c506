//! Tells the interpreter whether it may rely on sibling calls: `corten_tail` is set for optimised builds.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(corten_tail)");
    println!("cargo::rerun-if-changed=build.rs");
    let level = std::env::var("OPT_LEVEL").unwrap_or_default();
    if matches!(level.as_str(), "2" | "3") {
        println!("cargo::rustc-cfg=corten_tail");
    }
}
