//! Which lane a batch waits in, and with how much content its job is asked for.

use ledger::{Lane, Session, State};
use loader::BytesSource;
use platform::messages::Control;

use crate::{REGIONS, World, created};

#[tokio::test]
async fn a_batch_that_was_too_large_is_moved_once_there_is_a_lane_for_it() {
    let mut world = World::new(&[("regions/a.csv.gz", "")]).await;
    world.intake.loading.settings.largest = Some(0);
    assert_eq!(world.handle(&[created("regions/a.csv.gz")]).await, 0);
    let batch = world.batch("regions/a.csv.gz").await;
    assert!(batch.error.expect("a problem").is("too-large"));
    let tasks = world.with_tasks(0);
    world.intake.loading.settings.overflow = Some(Lane::Task);
    let load = Control::Load { batch: batch.id }.to_body();
    assert_eq!(world.handle(&[load]).await, 0);
    let found = world.batch("regions/a.csv.gz").await;
    assert_eq!((found.lane, found.waits), (Lane::Task, true));
    // One byte, packed.
    assert_eq!(tasks.loads(), [(batch.id, Some(5))]);
}

#[tokio::test]
async fn nobody_knows_the_size_of_what_a_manifest_lists() {
    let mut world = World::new(&[("regions/a.manifest", "busy")]).await;
    assert_eq!(world.handle(&[created("regions/a.manifest")]).await, 0);
    let tasks = world.with_tasks(0);
    let batch = world.batch("regions/a.manifest").await.id;
    let session: Session = world.database.connect(testkit::Role::Loader).await;
    let moved = ledger::change_lane(&session, batch, Lane::Function, Lane::Task).await;
    assert!(moved.expect("an answer"));
    assert_eq!(world.handle(&[Control::Load { batch }.to_body()]).await, 0);
    assert_eq!(tasks.loads(), [(batch, None)]);
}

#[tokio::test]
async fn a_batch_whose_lane_was_taken_away_is_loaded_in_another() {
    let mut world = World::new(&[("regions/a.csv", "busy")]).await;
    assert_eq!(world.handle(&[created("regions/a.csv")]).await, 0);
    world.intake.loading.open = Box::new(|_, _| Box::new(BytesSource::new(REGIONS)));
    let batch = world.batch("regions/a.csv").await.id;
    let session: Session = world.database.connect(testkit::Role::Loader).await;
    let moved = ledger::change_lane(&session, batch, Lane::Function, Lane::Spark).await;
    assert!(moved.expect("an answer"));
    assert_eq!(world.handle(&[Control::Load { batch }.to_body()]).await, 0);
    let found = world.batch("regions/a.csv").await;
    assert_eq!(
        (found.lane, found.state),
        (Lane::Function, State::Committed)
    );
}
