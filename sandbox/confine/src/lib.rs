//! What a process does to itself before it touches a stranger's bytes, so that whoever takes it over can do little: limits
//! on resources, namespaces of its own, no files, no network, and a short list of system calls.
//!
//! Each measure is tried and reported by itself: kernels differ. Whether a missing one matters is the parent's decision.
//! Not a sandbox for WebAssembly: that is the crate `sandbox`, and this is the wall behind it.

mod files;
mod limits;
mod namespaces;
mod report;
mod syscalls;

pub use report::{Measure, Report};

/// What the process may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Processor time of the whole process; `None` for one that lives long.
    pub cpu_seconds: Option<u64>,
    /// Private memory, in bytes. Reserved address space does not count.
    pub data_bytes: u64,
    /// File descriptors, those that are open already included.
    pub open_files: u64,
}

/// Everything that must come before the first thread is started. System calls are still free: see [`seal`].
pub fn confine(plan: &Plan) -> Report {
    let mut report = Report::default();
    report.note("rlimits", limits::apply(plan));
    report.note("dumpable_off", limits::undumpable());
    report.note("no_new_privs", rustix::thread::set_no_new_privs(true).map_err(|e| e.to_string()));
    namespaces::leave(&mut report);
    files::forbid(&mut report);
    report.note(
        "empty_environment",
        if std::env::vars_os().next().is_none() {
            Ok(())
        } else {
            Err("the parent has passed an environment".to_owned())
        },
    );
    report.note("no_inherited_files", files::only_the_standard_ones());
    report
}

/// The last step, once all threads run: from now on all of them may only make the listed system calls. Any other kills
/// the process; opening a file is an error.
pub fn seal(report: &mut Report) {
    report.note("seccomp", syscalls::apply());
}
