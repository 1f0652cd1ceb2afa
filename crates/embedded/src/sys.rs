//! The few system calls that std lacks. The only unsafe code of the crate is the hook between fork and exec.

use rustix::process::{Pid, Signal, kill_process};

/// Sends a signal; a process that is already gone is no error.
pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Makes the child receive `signal` when the thread that spawned it ends, however it ends.
///
/// The kernel watches the spawning thread, not the process: spawn only from a thread that lives as long as the child may.
#[cfg(target_os = "linux")]
pub(crate) fn die_with_parent(command: &mut tokio::process::Command, signal: Signal) {
    use rustix::process::{getpid, getppid, set_parent_process_death_signal};

    let parent = getpid();
    let arm = move || {
        set_parent_process_death_signal(Some(signal))?;
        // the parent may have died before the line above: then no signal would ever come
        if getppid() != Some(parent) {
            return Err(std::io::Error::other("the parent is gone"));
        }
        Ok(())
    };
    #[expect(unsafe_code, reason = "std offers no safe hook between fork and exec")]
    // SAFETY: the closure makes two system calls, takes no lock, and allocates only on the path that ends the child.
    unsafe {
        command.pre_exec(arm);
    }
}

/// Elsewhere the next start finds and stops what was left over.
#[cfg(not(target_os = "linux"))]
pub(crate) fn die_with_parent(_command: &mut tokio::process::Command, _signal: Signal) {}
