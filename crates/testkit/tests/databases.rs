//! The test databases themselves.

use testkit::Role;

#[tokio::test]
async fn every_role_reaches_its_clone_and_clones_share_nothing() {
    let (one, two) = tokio::join!(testkit::database(), testkit::database());
    for role in [
        Role::Owner,
        Role::Loader,
        Role::Reader,
        Role::Api,
        Role::Super,
    ] {
        one.connect(role).await;
    }
    let session = one.connect(Role::Loader).await;
    session
        .batch_execute("INSERT INTO regions VALUES ('a', 'A', NULL)")
        .await
        .expect("the loader writes");
    let other = two.connect(Role::Reader).await;
    let rows: i64 = other
        .query_one("SELECT count(*) FROM regions", &[])
        .await
        .expect("the reader reads")
        .get(0);
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn a_server_of_ones_own_stops_and_comes_back() {
    let server = testkit::own_server().await;
    let database = testkit::database_on(&server).await;
    let session = database.connect(Role::Loader).await;
    server.stop().await;
    session
        .batch_execute("SELECT 1")
        .await
        .expect_err("it is stopped");
    let error = ledger::connect(&database.config(Role::Loader))
        .await
        .expect_err("it is stopped");
    assert_eq!(
        error.kind(),
        ledger::ErrorKind::Unreachable,
        "{}",
        ledger::chain(&error)
    );
    server.start().await;
    database.connect(Role::Loader).await;
}
