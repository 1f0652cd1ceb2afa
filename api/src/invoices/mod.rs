//! `/v1/invoices`: an organisation's statement by month.

pub(crate) mod list;
pub(crate) mod show;

use chrono::{DateTime, Utc};
use protocol::{InvoiceId, ProjectId};
use serde::Serialize;
use store::invoices::{Invoice, OfProject, Sum};
use utoipa::ToSchema;

/// A calendar month in UTC. All amounts are in rao, as strings; opening balance, grants and charges add up to the closing one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invoice)]
pub(crate) struct InvoiceView {
    #[schema(example = "invoice")]
    object: &'static str,
    #[schema(value_type = String, example = "inv_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: InvoiceId,
    status: InvoiceStatus,
    period_start: DateTime<Utc>,
    /// The begin of the next month.
    period_end: DateTime<Utc>,
    /// Available and held together.
    #[schema(example = "1500000000")]
    opening_balance_rao: String,
    #[schema(example = "1438560000")]
    closing_balance_rao: String,
    /// What the lines of the statement come to, by type.
    totals: Vec<InvoiceTotal>,
    /// The same of the jobs of each project. Grants are no project's.
    projects: Vec<InvoiceProject>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum InvoiceStatus {
    /// The month goes on, or has ended within the last hour: more may come.
    Open,
    /// It changes no more.
    Final,
}

#[derive(Debug, Serialize, ToSchema)]
struct InvoiceTotal {
    /// `grant`, `hold`, `charge` or `hold_release`.
    r#type: String,
    /// Signed, as in the statement.
    #[schema(example = "-61440000")]
    amount_rao: String,
    /// Lines of the statement.
    entry_count: i64,
    /// Rollouts that were charged.
    rollout_count: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct InvoiceProject {
    #[schema(value_type = String, example = "proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    project_id: ProjectId,
    totals: Vec<InvoiceTotal>,
}

impl From<Sum> for InvoiceTotal {
    fn from(sum: Sum) -> Self {
        let Sum { kind, amount, lines, rollouts } = sum;
        Self { r#type: kind, amount_rao: amount.to_string(), entry_count: lines, rollout_count: rollouts }
    }
}

fn totals(sums: Vec<Sum>) -> Vec<InvoiceTotal> {
    sums.into_iter().map(InvoiceTotal::from).collect()
}

impl From<Invoice> for InvoiceView {
    fn from(invoice: Invoice) -> Self {
        let project =
            |OfProject { project, sums }| InvoiceProject { project_id: project, totals: totals(sums) };
        Self {
            object: "invoice",
            id: invoice.id,
            status: if invoice.is_final { InvoiceStatus::Final } else { InvoiceStatus::Open },
            period_start: invoice.begin,
            period_end: invoice.end,
            opening_balance_rao: invoice.opening.to_string(),
            closing_balance_rao: invoice.closing.to_string(),
            totals: totals(invoice.sums),
            projects: invoice.projects.into_iter().map(project).collect(),
        }
    }
}
