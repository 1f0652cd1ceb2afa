//! `reliquary audit-log`: whether the record of what was done in an organisation is the one that was written.

use protocol::AccountId;
use serde_json::json;
use store::Db;

#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Recompute the hash chain of every organisation's audit log. Exits with 1 if one was tampered with.
    Verify {
        /// Only this organisation's, `org_…`.
        #[arg(long)]
        account: Option<AccountId>,
    },
}

/// What to print, and whether every log is whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub text: String,
    pub holds: bool,
}

pub(crate) async fn run(command: &Command, db: &Db) -> anyhow::Result<Answer> {
    let Command::Verify { account } = command;
    let mut tx = db.snapshot().await?;
    let accounts = match account {
        Some(account) => vec![*account],
        None => store::audit_log::accounts(&mut tx).await?,
    };
    let (mut holds, mut lines) = (true, Vec::new());
    for account in accounts {
        let found = store::audit_log::verify(&mut tx, account).await?;
        holds &= found.broken_at.is_none();
        lines.push(
            json!({ "account": account, "entries": found.entries, "broken_at": found.broken_at }).to_string(),
        );
    }
    lines.push(json!({ "holds": holds }).to_string());
    Ok(Answer { text: lines.join("\n"), holds })
}
