//! The system calls that are left. Whatever is not listed kills the process.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule};

/// Read and write go to pipes: nothing else is open, and nothing can be opened.
const ALLOWED: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_close,
    // memory, native code included: that is what these processes are for
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // the first image of a guest's memory is a file without a name, which nobody else can open
    libc::SYS_memfd_create,
    // where the processor does not show new code to every thread by itself
    libc::SYS_membarrier,
    // threads that run already
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_gettid,
    libc::SYS_getpid,
    // traps are signals
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_restart_syscall,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Calls that do many things and may do some: which argument says so, and its value.
const ONLY_WITH: &[(i64, u8, u64)] = &[
    // PAGEMAP_SCAN, of the process's own page map: which pages a guest has written
    (libc::SYS_ioctl, 1, 0xc060_6610),
    // sealing such an image, and the standard library's check of what it closes
    (libc::SYS_fcntl, 1, libc::F_ADD_SEALS as u64),
    (libc::SYS_fcntl, 1, libc::F_GETFD as u64),
    // names for debuggers: a thread's own, and those of the allocator's memory. Not to be refused in the first filter:
    // the second could then not be put in place
    (libc::SYS_prctl, 0, libc::PR_SET_NAME as u64),
    (libc::SYS_prctl, 0, libc::PR_SET_VMA as u64),
];

/// These fail instead of killing. The allocator of the C library looks for settings of the machine now and then, and the
/// engine for a faster `madvise`; both go on without.
const REFUSED: &[i64] = &[libc::SYS_openat, libc::SYS_process_madvise];

pub(crate) fn apply() -> Result<(), String> {
    // of two filters the kernel takes the stricter answer: an error over a permission, death over an error
    // the list comes last: it has no place for the call that puts it there
    for program in [refused(), listed()] {
        let program = program.map_err(|error| error.to_string())?;
        seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Allows what is listed, and kills for everything else.
fn listed() -> Result<BpfProgram, seccompiler::BackendError> {
    use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition};

    let mut rules = plain(ALLOWED.iter().chain(REFUSED));
    for (call, argument, value) in ONLY_WITH {
        let only = SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *value)?;
        rules.entry(*call).or_default().push(SeccompRule::new(vec![only])?);
    }
    let target = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, target)?;
    filter.try_into()
}

/// Turns what is refused into an error, and leaves the rest to the other filter.
fn refused() -> Result<BpfProgram, seccompiler::BackendError> {
    let target = std::env::consts::ARCH.try_into()?;
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(plain(REFUSED.iter()), SeccompAction::Allow, denied, target)?.try_into()
}

fn plain<'a>(calls: impl Iterator<Item = &'a i64>) -> BTreeMap<i64, Vec<SeccompRule>> {
    calls.map(|call| (*call, Vec::new())).collect()
}
