//! The queue's head for one miner: the first group that it may be asked for, and so the job whose turn it is.
//!
//! The queue is walked from its front, where it mostly is at once. But what stands in front may be of jobs that nobody is asked
//! for now, and as many as they have prompts: paused ones keep their places, and those of another checkpoint wait for its miners.
//! Behind [`WINDOW`] groups that are none, the jobs are looked at instead, each by the first of its own groups.

use grail::profile::Profile;
use protocol::Mode;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::attempts::{Offer, WITHDRAWN};
use crate::miners::Room;
use crate::{Error, lineup};

/// How much of the queue is walked: less than a look at each of many jobs.
pub(crate) const WINDOW: i64 = 256;

/// The job whose turn it is.
pub(crate) struct Head {
    pub(crate) job: Uuid,
    /// Groups of it that the miner has room for.
    pub(crate) most: i64,
    pub(crate) has_budget: bool,
}

/// `None`: nothing waits for this miner.
pub(crate) async fn of(
    conn: &mut PgConnection,
    offer: &Offer,
    room: Room,
    excused: &[String],
) -> Result<Option<Head>, Error> {
    match in_front(conn, offer, room, excused).await? {
        Some(head) => Ok(Some(head)),
        None => behind(conn, offer, room, excused).await,
    }
}

/// Among the first of the queue.
async fn in_front(
    conn: &mut PgConnection,
    offer: &Offer,
    room: Room,
    excused: &[String],
) -> Result<Option<Head>, Error> {
    let times = lineup::times(Mode::of(offer.profile != Profile::test().id()));
    let head = sqlx::query_as!(
        Head,
        r#"
        -- jobs whose budget is spoken for: looked up once, not once for each of their groups
        WITH spent AS MATERIALIZED (
            SELECT r.job_id FROM job_room r JOIN jobs j ON j.id = r.job_id
            WHERE j.finished_at IS NULL AND j.status IN ('queued', 'in_progress') AND r.groups < 1
        )
        SELECT g.job_id AS "job!", j.max_amount IS NOT NULL OR j.max_rollouts IS NOT NULL AS "has_budget!",
            LEAST($8, GREATEST($9::bigint / j.samples, CASE WHEN $10 THEN 1 ELSE 0 END)) AS "most!"
        FROM (
            SELECT w.id, w.job_id, w.vtime FROM groups w
            WHERE w.state = 'pending' AND (w.lease_until IS NULL OR w.lease_until < now())
                -- its customer still waits for it
                AND (w.due_at IS NULL OR w.due_at > now())
                -- the profile has the mode; this spares a walk over the other queue
                AND w.vtime >= $11 AND w.vtime < $12
            ORDER BY w.vtime, w.id LIMIT $13
        ) AS g JOIN jobs j ON j.id = g.job_id
        WHERE j.checkpoint_id = $2 AND j.profile_id = $3 AND j.status IN ('queued', 'in_progress')
            AND j.id NOT IN (SELECT job_id FROM spent)
            -- nothing that this miner has failed
            AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.group_id = g.id AND a.hotkey = $1
                AND a.reason IS NOT NULL AND a.reason <> ALL($4))
            -- the second time only when no one else is left for a first
            AND (NOT $5 OR NOT EXISTS (SELECT 1 FROM miners m
                WHERE m.state = 'active' AND m.checkpoint_id = $2 AND m.profile_id = $3 AND m.hotkey <> $1
                    AND m.last_seen_at > now() - make_interval(secs => $6)
                    AND NOT EXISTS (SELECT 1 FROM attempts o WHERE o.group_id = g.id AND o.hotkey = m.hotkey
                        AND o.reason IS NOT NULL AND o.reason <> $7)))
        ORDER BY g.vtime, g.id LIMIT 1
        "#,
        offer.hotkey.as_bytes(),
        offer.checkpoint.as_bytes(),
        offer.profile.as_bytes(),
        excused,
        offer.again,
        offer.fresh.as_secs_f64(),
        WITHDRAWN,
        offer.max_groups,
        room.free,
        room.idle,
        times.start,
        times.end,
        WINDOW
    )
    .fetch_optional(conn)
    .await?;
    Ok(head)
}

/// Of any job, if the queue is longer than what was walked of it.
async fn behind(
    conn: &mut PgConnection,
    offer: &Offer,
    room: Room,
    excused: &[String],
) -> Result<Option<Head>, Error> {
    let times = lineup::times(Mode::of(offer.profile != Profile::test().id()));
    let head = sqlx::query_as!(
        Head,
        r#"
        WITH spent AS MATERIALIZED (
            SELECT r.job_id FROM job_room r JOIN jobs j ON j.id = r.job_id
            WHERE j.finished_at IS NULL AND j.status IN ('queued', 'in_progress') AND r.groups < 1
        ), walked AS MATERIALIZED (
            SELECT w.id FROM groups w
            WHERE w.state = 'pending' AND (w.lease_until IS NULL OR w.lease_until < now())
                AND (w.due_at IS NULL OR w.due_at > now()) AND w.vtime >= $11 AND w.vtime < $12
            ORDER BY w.vtime, w.id LIMIT $13
        )
        SELECT j.id AS "job!", j.max_amount IS NOT NULL OR j.max_rollouts IS NOT NULL AS "has_budget!",
            LEAST($8, GREATEST($9::bigint / j.samples, CASE WHEN $10 THEN 1 ELSE 0 END)) AS "most!"
        FROM jobs j CROSS JOIN LATERAL (
            SELECT g.vtime, g.id FROM groups g
            WHERE g.job_id = j.id AND g.state = 'pending' AND (g.lease_until IS NULL OR g.lease_until < now())
                AND (g.due_at IS NULL OR g.due_at > now())
                AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.group_id = g.id AND a.hotkey = $1
                    AND a.reason IS NOT NULL AND a.reason <> ALL($4))
                -- the second time only when no one else is left for a first
                AND (NOT $5 OR NOT EXISTS (SELECT 1 FROM miners m
                    WHERE m.state = 'active' AND m.checkpoint_id = $2 AND m.profile_id = $3 AND m.hotkey <> $1
                        AND m.last_seen_at > now() - make_interval(secs => $6)
                        AND NOT EXISTS (SELECT 1 FROM attempts o WHERE o.group_id = g.id AND o.hotkey = m.hotkey
                            AND o.reason IS NOT NULL AND o.reason <> $7)))
            ORDER BY g.vtime, g.id LIMIT 1
        ) AS first
        WHERE (SELECT count(*) FROM walked) >= $13
            AND j.finished_at IS NULL AND j.checkpoint_id = $2 AND j.profile_id = $3
            AND j.status IN ('queued', 'in_progress') AND j.id NOT IN (SELECT job_id FROM spent)
        ORDER BY first.vtime, first.id LIMIT 1
        "#,
        offer.hotkey.as_bytes(),
        offer.checkpoint.as_bytes(),
        offer.profile.as_bytes(),
        excused,
        offer.again,
        offer.fresh.as_secs_f64(),
        WITHDRAWN,
        offer.max_groups,
        room.free,
        room.idle,
        times.start,
        times.end,
        WINDOW
    )
    .fetch_optional(conn)
    .await?;
    Ok(head)
}
