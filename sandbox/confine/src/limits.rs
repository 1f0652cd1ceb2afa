//! Limits on resources. Not on address space: the engine reserves far more of it than it uses.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::Plan;

pub(crate) fn apply(plan: &Plan) -> Result<(), String> {
    let limits = [
        (Resource::Cpu, plan.cpu_seconds),
        (Resource::Data, Some(plan.data_bytes)),
        (Resource::Nofile, Some(plan.open_files)),
        (Resource::Core, Some(0)),
        // files cannot be opened; images of guests' memories are written like files
        (Resource::Fsize, Some(plan.data_bytes)),
        (Resource::Memlock, Some(0)),
        (Resource::Msgqueue, Some(0)),
    ];
    for (resource, limit) in limits {
        let Some(limit) = limit else { continue };
        let both = Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(resource, both).map_err(|error| format!("{resource:?}: {error}"))?;
    }
    Ok(())
}

/// No debugger of the same user looks in.
pub(crate) fn undumpable() -> Result<(), String> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| error.to_string())
}
