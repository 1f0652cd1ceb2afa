//! `reliquary keys`: accounts, API keys and credits, until there is a dashboard for them.

use anyhow::{Context as _, ensure};
use api::Versions;
use protocol::{AccountId, KeyId, LedgerEntryId, Rao};
use rand_core::OsRng;
use serde_json::{Value, json};
use store::api_keys::{self, KeyText, Terms};
use store::audit_log::Deed;
use store::clock::Clock;
use store::{Db, Tenant};
use uuid::Uuid;

#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Create an API key, and an account for it unless one is named. The key is shown once.
    Create {
        /// What the key is for.
        #[arg(long, default_value = "default")]
        name: String,
        /// An existing account, `org_…`.
        #[arg(long)]
        account: Option<AccountId>,
        /// Credits to give to the account, in rao.
        #[arg(long, value_parser = rao, default_value = "0")]
        grant_rao: Rao,
    },
    /// Give credits to an account.
    Grant {
        account: AccountId,
        /// Amount in rao (10^9 rao = 1 TAO).
        #[arg(value_parser = rao)]
        amount_rao: Rao,
        /// Names this grant: the same name credits once.
        #[arg(long)]
        reference: Option<String>,
    },
}

fn rao(text: &str) -> Result<Rao, protocol::money::InvalidRao> {
    Rao::parse(text)
}

/// A fresh account's key, as [`create`] returns it.
#[derive(Debug, Clone)]
pub(crate) struct NewKey {
    pub account: AccountId,
    pub key: String,
}

/// Runs the command and returns what to print.
pub(crate) async fn run(command: &Command, db: &Db, clock: &Clock) -> anyhow::Result<Value> {
    match command {
        Command::Create { name, account, grant_rao } => {
            let created = create(db, clock, name, *account, *grant_rao).await?;
            Ok(json!({ "account": created.account, "api_key": created.key }))
        }
        Command::Grant { account, amount_rao, reference } => {
            ensure!(*amount_rao > Rao::ZERO, "an amount of 0 credits nothing");
            let id = match reference {
                Some(reference) => Uuid::new_v5(&account.0, format!("grant/{reference}").as_bytes()),
                None => Uuid::now_v7(),
            };
            let mut tx = db.begin().await?;
            let grant = store::ledger::grant(&mut tx, LedgerEntryId(id), *account, *amount_rao, clock.now());
            let balance = grant.await.with_context(|| format!("grant to {account}"))?;
            tx.commit().await?;
            Ok(json!({ "account": account, "available_rao": balance.available, "held_rao": balance.held }))
        }
    }
}

/// Creates a key, an account where none is given, and grants credits, all or nothing.
pub(crate) async fn create(
    db: &Db,
    clock: &Clock,
    name: &str,
    account: Option<AccountId>,
    grant: Rao,
) -> anyhow::Result<NewKey> {
    let now = clock.now();
    let mut tx = db.begin().await?;
    let account = if let Some(account) = account {
        let found = store::accounts::find(&mut tx, account).await?;
        found.with_context(|| format!("no account {account}"))?.id
    } else {
        let account = AccountId(Uuid::now_v7());
        store::accounts::create(&mut tx, account, name, now).await?;
        account
    };
    let text = KeyText::generate(&mut OsRng);
    let new = api_keys::NewKey {
        id: KeyId(Uuid::now_v7()),
        tenant: Tenant::default_of(account),
        name,
        // an operator's: it makes the narrower ones
        terms: &Terms::everything(),
        made_by: &[],
        api_version: Some(Versions::default().newest().as_str()),
        text: &text,
    };
    api_keys::create(&mut tx, &new, now).await?;
    let deed = Deed {
        tenant: new.tenant,
        key: None,
        action: "api_key.created",
        subject: new.id.to_string(),
        detail: json!({ "name": name }),
    };
    if grant > Rao::ZERO {
        store::ledger::grant(&mut tx, LedgerEntryId(Uuid::now_v7()), account, grant, now).await?;
    }
    store::audit_log::append(&mut tx, &deed, now).await?;
    tx.commit().await?;
    Ok(NewKey { account, key: text.reveal() })
}
