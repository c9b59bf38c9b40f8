//! API keys and idempotency keys.

use ledger::{
    idempotency,
    idempotency::{Answer, Begin},
    keys::{self, Scope},
};
use testkit::Role;

#[tokio::test]
async fn a_key_opens_what_it_was_made_for_until_it_is_revoked() {
    let database = testkit::database().await;
    let owner = database.connect(Role::Owner).await;
    let api = database.connect(Role::Api).await;
    let (key, plaintext) = keys::create(
        &owner,
        "a partner",
        &[Scope::BatchesWrite],
        &["prices".into()],
    )
    .await
    .expect("a key");
    let text = plaintext.expose();
    assert!(text.starts_with(&format!("wb_{}_", key.id)));
    let grant = keys::verify(&api, text)
        .await
        .expect("an answer")
        .expect("it opens");
    assert_eq!(grant.name, "a partner");
    assert!(grant.has(Scope::BatchesWrite) && !grant.has(Scope::RatesRead));
    assert!(grant.covers("prices") && !grant.covers("ports"));
    assert_eq!(grant.limited_to(), Some(&["prices".to_owned()][..]));
    let wrong = format!("{}x", &text[..text.len() - 1]);
    for bad in [
        wrong.as_str(),
        "",
        "wb_",
        "wb__",
        "wb_nobody_secret",
        "wb_\0_x",
        &text[3..],
    ] {
        assert!(
            keys::verify(&api, bad).await.expect("an answer").is_none(),
            "{bad:?}"
        );
    }
    assert_eq!(keys::list(&owner).await.expect("a list").len(), 1);
    assert!(keys::revoke(&owner, &key.id).await.expect("an answer"));
    assert!(!keys::revoke(&owner, &key.id).await.expect("an answer"));
    assert!(keys::verify(&api, text).await.expect("an answer").is_none());
    // The secret lies nowhere in the database.
    let secret = text.rsplit('_').next().expect("a secret").to_owned();
    let found: i64 = owner
        .query_one(
            "SELECT count(*) FROM waybill.api_keys k WHERE k::text LIKE '%' || $1 || '%'",
            &[&secret],
        )
        .await
        .expect("a count")
        .get(0);
    assert_eq!(found, 0);
}

#[tokio::test]
async fn a_key_for_all_datasets_is_limited_to_none() {
    let database = testkit::database().await;
    let owner = database.connect(Role::Owner).await;
    let (_, plaintext) = keys::create(&owner, "all", Scope::ALL, &[keys::ALL_DATASETS.into()])
        .await
        .expect("a key");
    let grant = keys::verify(&owner, plaintext.expose())
        .await
        .expect("an answer")
        .expect("it opens");
    assert!(grant.covers("anything") && grant.limited_to().is_none());
    keys::create(&owner, "", Scope::ALL, &["*".into()])
        .await
        .expect_err("a name is needed");
    keys::create(&owner, "x", &[], &["*".into()])
        .await
        .expect_err("a scope is needed");
}

fn answer() -> Answer {
    Answer {
        status: 202,
        headers: vec![("location".into(), "/v1/batches/1".into())],
        body: "{}".into(),
    }
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_another_body_does_not() {
    let database = testkit::database().await;
    let api = database.connect(Role::Api).await;
    let begin = async |key, hash: u8| {
        idempotency::begin(&api, "k", key, &[hash; 32])
            .await
            .expect("an answer")
    };
    let Begin::Fresh(ticket) = begin("a", 1).await else {
        panic!("not fresh")
    };
    assert!(matches!(begin("a", 1).await, Begin::Running));
    assert!(matches!(begin("a", 2).await, Begin::Mismatch));
    idempotency::finish(&api, &ticket, &answer())
        .await
        .expect("kept");
    assert!(matches!(begin("a", 1).await, Begin::Replay(kept) if kept == answer()));
    assert!(matches!(begin("a", 2).await, Begin::Mismatch));
    // Another partner's key of the same name is another key.
    assert!(matches!(
        idempotency::begin(&api, "other", "a", &[2; 32])
            .await
            .expect("an answer"),
        Begin::Fresh(_)
    ));
}

#[tokio::test]
async fn an_abandoned_or_stuck_request_gives_its_key_free() {
    let database = testkit::database().await;
    let api = database.connect(Role::Api).await;
    let begin = async || {
        idempotency::begin(&api, "k", "a", &[1; 32])
            .await
            .expect("an answer")
    };
    let Begin::Fresh(first) = begin().await else {
        panic!("not fresh")
    };
    idempotency::abandon(&api, &first).await.expect("abandoned");
    let Begin::Fresh(stuck) = begin().await else {
        panic!("not fresh")
    };
    api.batch_execute("UPDATE waybill.idempotency SET begun_at = begun_at - interval '61 seconds'")
        .await
        .expect("time passes");
    let Begin::Fresh(third) = begin().await else {
        panic!("not fresh")
    };
    idempotency::finish(&api, &stuck, &answer())
        .await
        .expect_err("its key is another's");
    idempotency::abandon(&api, &stuck).await.expect("no harm");
    idempotency::finish(&api, &third, &answer())
        .await
        .expect("kept");
    api.batch_execute("UPDATE waybill.idempotency SET begun_at = begun_at - interval '25 hours'")
        .await
        .expect("time passes");
    assert!(matches!(begin().await, Begin::Fresh(_)));
    assert_eq!(idempotency::sweep(&api).await.expect("swept"), 0);
}

#[tokio::test]
async fn of_many_racing_requests_with_one_key_one_runs() {
    let database = testkit::database().await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let api = database.connect(Role::Api).await;
        tasks.push(tokio::spawn(async move {
            matches!(
                idempotency::begin(&api, "k", "a", &[1; 32])
                    .await
                    .expect("an answer"),
                Begin::Fresh(_)
            )
        }));
    }
    let mut fresh = 0;
    for task in tasks {
        fresh += i32::from(task.await.expect("no panic"));
    }
    assert_eq!(fresh, 1);
}
