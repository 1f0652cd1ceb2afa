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

/// `ioctl` on the process's own page map: which pages a guest has written.
const PAGEMAP_SCAN: u64 = 0xc060_6610;

/// Opening a file fails instead of killing: the allocator of the C library looks for settings of the machine now and then,
/// and goes on without them.
/// The same library names its memory areas for debuggers.
const REFUSED: &[i64] = &[libc::SYS_openat, libc::SYS_prctl];

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
    let scan = SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, PAGEMAP_SCAN)?;
    rules.insert(libc::SYS_ioctl, vec![SeccompRule::new(vec![scan])?]);
    // sealing such an image, and the standard library's check of what it closes
    let command = |command: i32| {
        SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, command as u64)
            .and_then(|condition| SeccompRule::new(vec![condition]))
    };
    rules.insert(libc::SYS_fcntl, vec![command(libc::F_ADD_SEALS)?, command(libc::F_GETFD)?]);
    let target = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, target)?;
    filter.try_into()
}

/// Turns what is refused into an error, and leaves the rest to the other filter.
fn refused() -> Result<BpfProgram, seccompiler::BackendError> {
    let target = std::env::consts::ARCH.try_into()?;
    let denied = SeccompAction::Errno(libc::EACCES as u32);
    SeccompFilter::new(plain(REFUSED.iter()), SeccompAction::Allow, denied, target)?.try_into()
}

fn plain<'a>(calls: impl Iterator<Item = &'a i64>) -> BTreeMap<i64, Vec<SeccompRule>> {
    calls.map(|call| (*call, Vec::new())).collect()
}
