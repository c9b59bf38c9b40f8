//! A batch from its announcement to its report, and how it is found again.

use ledger::{BatchId, Filter, Finding, ObjectName, Options, Outcome, Problem, State};
use testkit::Role;

use crate::help::{LEASE, claimed, count, find, held, load, new_batch, ports, received, summary};

#[tokio::test]
async fn the_same_announcement_many_times_at_once_is_one_batch() {
    let database = testkit::database().await;
    let new = new_batch("prices");
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (session, new) = (database.connect(Role::Loader).await, new.clone());
        tasks.push(tokio::spawn(async move {
            ledger::receive(&session, &new)
                .await
                .expect("received")
                .number
        }));
    }
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.expect("no panic"));
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 1);
    let session = database.connect(Role::Loader).await;
    assert_eq!(find(&session, new.id).await.timeline.len(), 1);
}

#[tokio::test]
async fn a_batch_of_the_api_keeps_its_options_and_takes_up_its_object() {
    let database = testkit::database().await;
    let api = database.connect(Role::Api).await;
    let mut loader = database.connect(Role::Loader).await;
    let mut new = new_batch("prices");
    new.source.version = None;
    (new.object_bytes, new.etag, new.submitted_by) = (None, None, "a partner");
    new.options = Options {
        dry_run: true,
        force: true,
        urgent: true,
        expect_rows: Some(7),
        expect_sha256: Some([9; 32]),
    };
    let batch = ledger::receive(&api, &new).await.expect("received");
    assert_eq!(batch.source.version, None);

    // Another object under the announced id says nothing about the one that was announced.
    let mut other = new_batch("prices");
    other.id = new.id;
    let batch = ledger::receive(&loader, &other).await.expect("received");
    assert_eq!(
        (batch.source.version, batch.progress.total_bytes),
        (None, None)
    );

    let mut seen = new_batch("prices");
    (seen.id, seen.source.key) = (new.id, new.source.key.clone());
    let batch = ledger::receive(&loader, &seen).await.expect("received");
    assert_eq!(batch.source.version.as_deref(), Some("v1"));
    assert_eq!(
        (batch.progress.total_bytes, batch.submitted_by.as_str()),
        (Some(1000), "a partner")
    );
    // Another version under the same key is not this batch: the first stays.
    seen.source.version = Some("v2".into());
    seen.object_bytes = Some(5);
    let batch = ledger::receive(&loader, &seen).await.expect("received");
    assert_eq!(
        (batch.source.version.as_deref(), batch.progress.total_bytes),
        (Some("v1"), Some(1000))
    );
    assert_eq!(
        claimed(&mut loader, new.id, LEASE).await.options,
        new.options
    );
}

#[tokio::test]
async fn a_batch_reads_as_the_documented_json() {
    let database = testkit::database().await;
    ports(&database).await;
    let mut session = database.connect(Role::Loader).await;
    let mine = held(&mut session, "prices").await;
    load(&mut session, &mine, 0xab).await;
    let batch = find(&session, mine.id).await;
    let json = serde_json::to_value(&batch).expect("JSON");
    let keys: Vec<&str> = json
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = vec![
        "id",
        "number",
        "dataset",
        "state",
        "lane",
        "attempt",
        "waits",
        "rows",
        "rejected",
        "bytes",
        "sha256",
        "source",
        "duplicate_of",
        "submitted_by",
        "release",
        "received_at",
        "started_at",
        "finished_at",
        "timeline",
        "error",
        "progress",
        "dry_run",
        "report",
    ];
    let mut keys = keys;
    keys.sort_unstable();
    expected.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(json["state"], "committed");
    assert_eq!(json["rows"], 2);
    assert_eq!(json["sha256"], "ab".repeat(32));
    assert_eq!(
        json["source"],
        format!("s3://incoming/prices/{}.csv?versionId=v1", mine.id)
    );
    assert_eq!(json["timeline"][2]["state"], "committed");
    assert_eq!(
        json["progress"],
        serde_json::json!({"bytes": 1000, "rows": 2, "copied": 2, "total_bytes": 1000, "rows_per_s": null, "seconds_left": null})
    );
    let back: ledger::Batch = serde_json::from_value(json).expect("it reads back");
    assert_eq!((back.id, back.timeline), (batch.id, batch.timeline));
}

fn finding(record: u64) -> Finding {
    Finding {
        file: None,
        record,
        line: record + 1,
        byte: record * 100,
        column: record.is_multiple_of(2).then(|| "price".into()),
        rule: "min".into(),
        value: Some("a\0b".into()),
        message: "too\0small".into(),
        row: vec![b'x', 0xff, 0, b'\n'],
    }
}

#[tokio::test]
async fn a_report_is_kept_whole_and_read_in_pages() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let mine = held(&mut session, "prices").await;
    let outcome = Outcome::Rejected {
        problem: Problem::new("rejected", "The data is wrong")
            .with_status(422)
            .with_detail("1234 records"),
        summary: Some(summary(1)),
        rejected: 1234,
        total: 5000,
        findings: (1..=1234).map(finding).collect(),
    };
    assert!(
        ledger::settle(&mut session, &mine, outcome)
            .await
            .expect("an answer")
    );
    let batch = find(&session, mine.id).await;
    assert_eq!(
        (batch.state, batch.rows, batch.rejected),
        (State::Rejected, Some(0), Some(1234))
    );
    assert_eq!((batch.report.total, batch.report.listed), (5000, 1234));

    let api = database.connect(Role::Api).await;
    let (mut after, mut all) = (0, Vec::new());
    loop {
        let page = ledger::errors(&api, mine.id, after, 500)
            .await
            .expect("an answer")
            .expect("the batch");
        assert_eq!(page.header.as_deref(), summary(1).header.as_deref());
        all.extend(page.entries);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(all.len(), 1234);
    assert!(
        all.iter()
            .enumerate()
            .all(|(index, entry)| entry.record == index as u64 + 1)
    );
    let entry = &all[1];
    assert_eq!(
        (entry.line, entry.byte, entry.column.as_deref()),
        (3, 200, Some("price"))
    );
    assert_eq!(
        (entry.value.as_deref(), entry.message.as_str()),
        (Some("a␀b"), "too␀small")
    );
    assert_eq!(entry.row, [b'x', 0xff, 0, b'\n']);
    let json = serde_json::to_value(entry).expect("JSON");
    assert_eq!(json["row"], "x\u{fffd}\0\n");
    assert_eq!(json.as_object().expect("an object").len(), 8);
    assert!(
        ledger::errors(&api, BatchId::fresh(), 0, 1)
            .await
            .expect("an answer")
            .is_none()
    );
}

#[tokio::test]
async fn batches_are_listed_newest_first_by_what_is_asked() {
    let database = testkit::database().await;
    let mut session = database.connect(Role::Loader).await;
    let mut ids = Vec::new();
    for dataset in ["prices", "ports", "prices", "regions", "prices"] {
        ids.push(received(&session, dataset).await.id);
    }
    claimed(&mut session, ids[2], LEASE).await;
    let list = async |filter: &Filter, before, limit| {
        let page = ledger::list(&session, filter, before, limit)
            .await
            .expect("an answer");
        (
            page.batches
                .iter()
                .map(|batch| batch.id)
                .collect::<Vec<_>>(),
            page.next,
        )
    };
    let all = Filter::default();
    let (page, next) = list(&all, None, 2).await;
    assert_eq!(page, [ids[4], ids[3]]);
    let (page, next) = list(&all, next, 2).await;
    assert_eq!(page, [ids[2], ids[1]]);
    assert_eq!(list(&all, next, 2).await, (vec![ids[0]], None));
    let prices = Filter {
        datasets: Some(vec!["prices".into()]),
        ..Filter::default()
    };
    assert_eq!(list(&prices, None, 9).await.0, [ids[4], ids[2], ids[0]]);
    let loading = Filter {
        state: Some(State::Loading),
        ..Filter::default()
    };
    assert_eq!(list(&loading, None, 9).await.0, [ids[2]]);
    let third = find(&session, ids[2]).await.received_at;
    let since = Filter {
        since: Some(third),
        ..Filter::default()
    };
    assert_eq!(list(&since, None, 9).await.0, [ids[4], ids[3], ids[2]]);
    let until = Filter {
        until: Some(third),
        ..Filter::default()
    };
    assert_eq!(list(&until, None, 9).await.0, [ids[1], ids[0]]);
    let nothing = Filter {
        datasets: Some(Vec::new()),
        ..Filter::default()
    };
    assert_eq!(list(&nothing, None, 9).await, (vec![], None));
}

#[tokio::test]
async fn the_api_withdraws_only_what_nobody_has_begun() {
    let database = testkit::database().await;
    let api = database.connect(Role::Api).await;
    let mut loader = database.connect(Role::Loader).await;
    let problem = Problem::new("storage", "The upload could not be stored").with_status(503);
    let batch = received(&api, "prices").await;
    assert!(
        ledger::withdraw(&api, batch.id, &problem)
            .await
            .expect("an answer")
    );
    let batch = find(&api, batch.id).await;
    assert_eq!(
        (batch.state, batch.error.as_ref()),
        (State::Failed, Some(&problem))
    );
    assert_eq!(batch.timeline.len(), 2);
    assert!(
        !ledger::withdraw(&api, batch.id, &problem)
            .await
            .expect("an answer")
    );
    let begun = held(&mut loader, "prices").await;
    assert!(
        !ledger::withdraw(&api, begun.id, &problem)
            .await
            .expect("an answer")
    );
    assert!(
        !ledger::withdraw(&api, BatchId::fresh(), &problem)
            .await
            .expect("an answer")
    );
}

#[tokio::test]
async fn odd_names_are_kept_as_they_are() {
    let database = testkit::database().await;
    let session = database.connect(Role::Loader).await;
    let mut new = new_batch("prices");
    new.source = ObjectName {
        bucket: "b".into(),
        key: "prices/a b+c&d%20é'\"\\;--.csv".into(),
        version: Some("v".into()),
    };
    let batch = ledger::receive(&session, &new).await.expect("received");
    assert_eq!(batch.source, new.source);
    assert_eq!(
        ledger::state(&session, new.id).await.expect("an answer"),
        Some(State::Received)
    );
    assert_eq!(
        count(&session, "SELECT count(*) FROM waybill.batches").await,
        1
    );
}
