//! Whom the servers run as. Postgres refuses root, so root hands over to `postgres` or `nobody`; anyone else keeps their own.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::Error;
use crate::command::{clean, run};
use crate::error::IoContext;
use crate::sys;

const LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    Own,
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// The owner of files that exist already, else the best account that there is.
    pub(crate) async fn for_files(existing: &Path) -> Result<Self, Error> {
        if !sys::is_root() {
            return Ok(Self::Own);
        }
        if let Ok(owned) = std::fs::metadata(existing)
            && owned.uid() != 0
        {
            return Ok(Self::Other { uid: owned.uid(), gid: owned.gid() });
        }
        let mut tried = Vec::new();
        for name in ["postgres", "nobody"] {
            match ids(name).await {
                Ok(account) => return Ok(account),
                Err(error) => tried.push(error.to_string()),
            }
        }
        Err(Error::NotFound { what: "account other than root, which Postgres refuses", tried })
    }

    /// Makes the command run as this account. Supplementary groups of root are dropped by std along with it.
    pub(crate) fn apply(self, command: &mut Command) {
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Hands a file or an empty directory over.
    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => {
                std::os::unix::fs::lchown(path, Some(uid), Some(gid)).during("hand over", path)
            }
        }
    }

    /// Whether this account can enter the directory: all its parents must let it through.
    pub(crate) async fn reaches(self, dir: &Path) -> bool {
        if self == Self::Own {
            return true;
        }
        let mut probe = clean("/bin/sh");
        probe.args(["-c", "cd -- \"$1\"", "sh"]).arg(dir);
        self.apply(&mut probe);
        run(&mut probe, "", LIMIT).await.is_ok()
    }
}

async fn ids(name: &str) -> Result<Account, Error> {
    let number = async |flag| -> Result<u32, Error> {
        let said = run(clean("/usr/bin/id").args([flag, name]), "", LIMIT).await?;
        said.trim().parse().map_err(|_| Error::NotFound { what: "numeric id", tried: vec![said] })
    };
    Ok(Account::Other { uid: number("-u").await?, gid: number("-g").await? })
}
