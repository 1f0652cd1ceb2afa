//! No files: landlock forbids opening any, but the two of its own process that the engine reads, and any network.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};

use crate::Report;

/// What the engine reads while it runs: which pages of its own memory were written.
const OWN: &str = "/proc/self/pagemap";
const ABI_FILES: ABI = ABI::V3;
const ABI_ALL: ABI = ABI::V6;

pub(crate) fn forbid(report: &mut Report) {
    report.note("landlock_files", files());
    report.note("landlock_network", network());
}

fn files() -> Result<(), String> {
    let opened = PathFd::new(OWN).map_err(|error| error.to_string())?;
    let allowed: BitFlags<AccessFs> = AccessFs::ReadFile.into();
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI_FILES))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rule(PathBeneath::new(opened, allowed)))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    enforced(status.ruleset)
}

fn network() -> Result<(), String> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessNet::from_all(ABI_ALL))
        .and_then(|rules| rules.scope(Scope::from_all(ABI_ALL)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    enforced(status.ruleset)
}

fn enforced(status: RulesetStatus) -> Result<(), String> {
    match status {
        RulesetStatus::FullyEnforced => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// Whether nothing but stdin, stdout and stderr came along from the parent.
pub(crate) fn only_the_standard_ones() -> Result<(), String> {
    // landlock is active: /proc cannot be listed any more, so the numbers are tried
    let open: Vec<i32> = (3..256).filter(|fd| is_open(*fd)).collect();
    if open.is_empty() { Ok(()) } else { Err(format!("open: {open:?}")) }
}

fn is_open(fd: i32) -> bool {
    #[expect(unsafe_code, reason = "asking for flags touches nothing")]
    // SAFETY: F_GETFD reads the flags of a number; one that is not open answers EBADF.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    flags != -1
}
