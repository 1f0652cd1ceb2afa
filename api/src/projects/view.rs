//! A project as its organisation sees it.

use chrono::{DateTime, Utc};
use protocol::{AccountId, ProjectId, Rao};
use serde::Serialize;
use store::PgConnection;
use store::projects::Project;
use store::spend::{self, Payer};
use utoipa::ToSchema;

use crate::keys::SpendView;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Project)]
pub(crate) struct ProjectView {
    #[schema(example = "project")]
    object: &'static str,
    #[schema(value_type = String, example = "proj_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    id: ProjectId,
    #[schema(value_type = String, example = "org_01K9QZ4E8V7X2M3N4P5Q6R7S8T")]
    organization_id: AccountId,
    name: String,
    /// Every organisation has this one from the start.
    is_default: bool,
    #[serde(flatten)]
    spend: SpendView,
    created_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
}

impl ProjectView {
    pub(super) async fn of(
        conn: &mut PgConnection,
        project: Project,
        now: DateTime<Utc>,
    ) -> Result<Self, store::Error> {
        let spent = match project.cap {
            Some(cap) => spend::since(conn, Payer::Project(project.id), cap.since(now)).await?,
            None => Rao::ZERO,
        };
        Ok(Self {
            object: "project",
            id: project.id,
            organization_id: project.account,
            name: project.name,
            is_default: project.id == project.account.default_project(),
            spend: SpendView::of(project.cap, spent, now),
            created_at: project.created_at,
            archived_at: project.archived_at,
        })
    }
}
