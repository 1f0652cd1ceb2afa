//! The manifest of a job: all of its rollouts are in it, whatever became of them, and it is signed once.

use std::collections::BTreeMap;

use grail::hash::Hash;
use grail::keys::ServiceKey;
use grail::merkle;
use protocol::JobId;
use protocol::manifest::{Evidence, Leaf, SignedManifest};
use protocol::selection::GroupFilter;
use store::manifests;
use worker::{Audit, Progress};

use crate::stub::{Manner, Stub};
use crate::world::{NewJob, World, config};

async fn sign(world: &World) {
    while worker::manifest::step(&world.cx).await.unwrap() == Progress::Some {}
}

async fn signed(world: &World, job: JobId) -> SignedManifest {
    let mut conn = world.db.acquire().await.unwrap();
    let found = manifests::find(&mut conn, world.account.default_project(), job).await.unwrap().unwrap();
    match Evidence::read(found.document.unwrap().as_bytes()).unwrap() {
        Evidence::Manifest(signed) => *signed,
        other => panic!("{other:?}"),
    }
}

/// The tree, computed from the rows in a way of its own.
async fn tree(world: &World, job: JobId) -> Vec<Hash> {
    let mut conn = world.db.acquire().await.unwrap();
    let mut leaves = manifests::leaves(&mut conn, job, 0..1_000).await.unwrap();
    leaves.sort_by_key(Leaf::position);
    leaves.iter().map(|leaf| leaf.hash(job)).collect()
}

/// What holds for every manifest.
async fn check(world: &World, job: JobId) -> SignedManifest {
    let signed = signed(world, job).await;
    assert!(signed.is_signed() && signed.has_its_spec() && signed.adds_up());
    assert_eq!(signed.service_key, ServiceKey::from_seed(&[1; 32]).public());
    let hashes = tree(world, job).await;
    assert_eq!(signed.manifest.leaf_count, hashes.len() as u64);
    assert_eq!(signed.manifest.merkle_root.0, merkle::root(&hashes));
    let mut conn = world.db.acquire().await.unwrap();
    assert_eq!(manifests::hashes_of(&mut conn, job, 0..99).await.unwrap(), hashes);
    drop(conn);
    for (_, record) in world.records(job).await {
        let leaf = Leaf::of_record(&record).unwrap();
        assert!(hashes.contains(&leaf.hash(job)), "a delivered record is its leaf");
    }
    assert_eq!(signed.selected(), world.records(job).await.len() as u64);
    signed
}

fn counts(signed: &SignedManifest) -> BTreeMap<&str, u64> {
    signed.manifest.counts.rollouts.iter().map(|(state, count)| (state.as_str(), *count)).collect()
}

#[tokio::test]
async fn delivered_filtered_and_cancelled_rollouts_are_all_leaves() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(3, 4)).await;
    sign(&world).await;
    let mut conn = world.db.acquire().await.unwrap();
    let found = manifests::find(&mut conn, world.account.default_project(), job).await.unwrap().unwrap();
    assert_eq!((found.ended, found.document), (false, None));
    drop(conn);
    world.finish(job).await;
    sign(&world).await;
    let first = check(&world, job).await;
    assert_eq!(counts(&first), BTreeMap::from([("selected", 12)]));
    assert_eq!(first.manifest.charged_rao.get(), 12_000);
    assert_eq!(first.manifest.verifiers.len(), 1);
    // it is signed once: another look changes nothing, and nobody else can
    sign(&world).await;
    assert_eq!(signed(&world, job).await, first);
    let again = "UPDATE manifests SET document = 'x'";
    assert!(
        world.try_sql(again).await.is_err() && world.try_sql("DELETE FROM manifest_chunks").await.is_err()
    );

    stub.say(&["It is 1"]);
    world.stub(&stub).await; // a slow machine would find its last answer too old
    let filtered = world.job(NewJob::scored(2, 4).spec(|spec| spec.filter = GroupFilter::MinStd(0.24))).await;
    world.finish(filtered).await;
    sign(&world).await;
    assert_eq!(counts(&check(&world, filtered).await), BTreeMap::from([("filtered", 8)]));

    let cancelled = world.job(NewJob::scored(2, 2)).await;
    world.dispatch().await;
    world.cancel(cancelled, false).await;
    sign(&world).await;
    let signed = check(&world, cancelled).await;
    assert_eq!(
        (signed.manifest.status.as_str(), counts(&signed)),
        ("cancelled", BTreeMap::from([("cancelled", 4)]))
    );

    let nothing = world.job(NewJob::scored(2, 2)).await;
    world.cancel(nothing, false).await;
    sign(&world).await;
    let signed = check(&world, nothing).await;
    assert_eq!((signed.manifest.leaf_count, signed.manifest.counts.groups.cancelled), (0, 2));
}

#[tokio::test]
async fn a_refused_attempt_is_a_leaf_beside_the_one_that_took_its_place() {
    // with the model, what a stub answers is found out
    let world = World::with(config(), Audit::Full).await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.dispatch().await;
    world.reward().await;
    world.verify().await;
    world.cancel(job, false).await;
    sign(&world).await;
    let signed = check(&world, job).await;
    assert_eq!(counts(&signed), BTreeMap::from([("rejected", 2)]));
    let mut conn = world.db.acquire().await.unwrap();
    let leaves = manifests::leaves(&mut conn, job, 0..1).await.unwrap();
    assert!(leaves.iter().all(|leaf| leaf.state == "rejected" && leaf.reason.is_some() && leaf.attempt == 1));
}

#[tokio::test]
async fn a_tree_of_many_chunks_has_the_root_of_all_its_leaves_and_a_path_for_each() {
    let world = World::new().await;
    let stub = Stub::start(11, Manner::Good).await;
    world.stub(&stub).await;
    let job = world.job(NewJob::scored(1, 2)).await;
    world.cancel(job, false).await;
    // rollouts of many more prompts, as if they had been refused
    world
        .sql(&format!(
            "UPDATE jobs SET prompt_count = 700, groups_cancelled = 700 WHERE id = '{0}';
             INSERT INTO groups (id, job_id, prompt_index, state, vtime)
                 SELECT gen_random_uuid(), '{0}', n, 'cancelled', 0 FROM generate_series(1, 699) n;
             INSERT INTO rollouts (id, job_id, group_id, attempt, prompt_index, sample_index, state, completion_tokens,
                 finish, head, sample_hash)
                 SELECT gen_random_uuid(), '{0}', g.id, 1 + s % 2, g.prompt_index, s, 'cancelled', 1, 'stop',
                     sha256((g.prompt_index || '/' || s)::bytea), sha256('x'::bytea)
                 FROM groups g, generate_series(0, 3) s WHERE g.job_id = '{0}'",
            job.0
        ))
        .await;
    sign(&world).await;
    let signed = signed(&world, job).await;
    assert!(signed.is_signed() && signed.adds_up());
    assert_eq!(signed.manifest.leaf_count, 2_800);
    let hashes = tree(&world, job).await;
    assert_eq!(signed.manifest.merkle_root.0, merkle::root(&hashes));
    let mut conn = world.db.acquire().await.unwrap();
    let roots = manifests::chunk_roots(&mut conn, job).await.unwrap();
    assert_eq!(roots.len(), 3);
    let leaves = manifests::leaves(&mut conn, job, 0..700).await.unwrap();
    for index in [0, 1_023, 1_024, 2_047, 2_048, 2_799] {
        let chunk = manifests::chunk_at(&mut conn, job, leaves[index].position()).await.unwrap().unwrap();
        assert_eq!(chunk.number as usize, index / 1024);
        let path = protocol::manifest::path_through_chunks(
            &chunk.leaves,
            index % 1024,
            &roots,
            chunk.number as usize,
        )
        .unwrap();
        let root = merkle::root_from_path(hashes[index], index, hashes.len(), &path);
        assert_eq!(root, Some(signed.manifest.merkle_root.0), "{index}");
    }
}

#[tokio::test]
async fn one_that_cannot_be_signed_is_put_off_and_holds_up_no_other() {
    let world = World::new().await;
    let broken = world.job(NewJob::scored(1, 2)).await;
    let good = world.job(NewJob::scored(1, 2)).await;
    for job in [broken, good] {
        world.cancel(job, false).await;
    }
    let keep = format!("SELECT spec FROM jobs WHERE id = '{}'", broken.0);
    let spec = world.sql(&keep).await;
    world.sql(&format!("UPDATE jobs SET spec = '{{}}' WHERE id = '{}'", broken.0)).await;
    for _ in 0..3 {
        worker::manifest::step(&world.cx).await.unwrap();
    }
    let left = "SELECT count(*) FROM manifests WHERE document IS NULL AND tries > 0";
    assert_eq!(world.sql(left).await, "1");
    check(&world, good).await;
    let spec = spec.replace('\'', "''");
    world
        .sql(&format!(
            "UPDATE jobs SET spec = '{spec}' WHERE id = '{}'; UPDATE manifests SET not_before = now()
        WHERE document IS NULL",
            broken.0
        ))
        .await;
    sign(&world).await;
    check(&world, broken).await;
}
