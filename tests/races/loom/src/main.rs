//! Tries every order in which threads can meet at the engine's in-queue and at the state word of a process. The files
//! under test are the engine's own; what they need around them is here, as small as it can be.

#[cfg(loom)]
mod process;
#[cfg(loom)]
mod sched;
#[cfg(loom)]
mod signal;

#[cfg(loom)]
mod trace {
    pub mod profile {
        //! Nobody profiles.
        pub const RUNNABLE_PROCESSES: u32 = 0;
        pub fn wants(_: u32) -> bool {
            false
        }
        pub fn process(_: &crate::process::Process, _: bool) {}
    }
}

fn main() {
    #[cfg(loom)]
    sched::models::all();
    #[cfg(not(loom))]
    panic!("without --cfg loom there is nothing to try: ./x races loom");
}
