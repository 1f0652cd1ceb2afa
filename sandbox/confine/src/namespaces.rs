//! Namespaces of its own: no network interface but a loopback that is down, no other process's shared memory, no rights.

use rustix::thread::{UnshareFlags, unshare_unsafe};

use crate::Report;

pub(crate) fn leave(report: &mut Report) {
    // first: it is what allows the others to a user without rights
    report.note("user_namespace", unshared(UnshareFlags::NEWUSER));
    report.note("network_namespace", unshared(UnshareFlags::NEWNET));
    let rest = UnshareFlags::NEWIPC | UnshareFlags::NEWUTS | UnshareFlags::NEWNS;
    report.note("ipc_uts_mount_namespaces", unshared(rest));
}

fn unshared(flags: UnshareFlags) -> Result<(), String> {
    #[expect(unsafe_code, reason = "the call is unsafe for the sake of one flag")]
    // SAFETY: only un-sharing the table of file descriptors can break what others hold; it is not among our flags.
    let left = unsafe { unshare_unsafe(flags) };
    left.map_err(|error| error.to_string())
}
