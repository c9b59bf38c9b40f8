//! Rates: what is answered, from where, and what caches are told.

use axum::body::Body;
use axum::http::{StatusCode, header};
use ledger::{BatchId, NewBatch, ObjectName, Options, keys::Scope};
use serde_json::{Value, json};
use testkit::Role;

use crate::stack::{Answer, Stack, request};

const PLACES: &str = "
    INSERT INTO regions VALUES ('china_main', 'China Main', NULL), ('north', 'North', NULL), ('baltic', 'Baltic', 'north'),
        ('deep', 'Deep', 'baltic'), ('empty', 'Empty', NULL);
    INSERT INTO ports VALUES ('CNGGZ', 'Guangzhou', 'china_main'), ('CNSGH', 'Shanghai', 'china_main'), ('EETLL', 'Tallinn', 'baltic'),
        ('FIHEL', 'Helsinki', 'north'), ('PLGDY', 'Gdynia', 'deep');";

const JANUARY: &str = "date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

async fn stack() -> Stack {
    let stack = Stack::new().await;
    stack.sql(PLACES).await;
    stack
}

async fn ask(stack: &Stack, path: &str) -> Answer {
    stack.get(path, "").await
}

async fn rates(stack: &Stack, path: &str) -> Value {
    let answer = ask(stack, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["rates"].clone()
}

/// Registers a batch of prices without the API.
pub async fn registered(stack: &Stack) -> BatchId {
    let id = BatchId::fresh();
    let source = ObjectName {
        bucket: "b".into(),
        key: format!("prices/{id}.csv"),
        version: None,
    };
    let new = NewBatch {
        id,
        dataset: "prices",
        source,
        object_bytes: None,
        etag: None,
        submitted_by: "t",
        options: Options::default(),
    };
    ledger::receive(&*stack.database.connect(Role::Loader).await, &new)
        .await
        .expect("received");
    id
}

#[tokio::test]
async fn one_entry_a_day_newest_first_with_nulls_where_prices_are_missing_or_few() {
    let stack = stack().await;
    stack
        .sql(
            "INSERT INTO prices VALUES ('CNGGZ', 'EETLL', '2021-01-03', 1000), ('CNGGZ', 'EETLL', '2021-01-03', 1231),
             ('CNGGZ', 'EETLL', '2021-01-03', 1232), ('CNGGZ', 'EETLL', '2021-01-02', 5), ('CNGGZ', 'EETLL', '2021-01-02', 6),
             ('CNGGZ', 'EETLL', '2021-01-05', 1), ('EETLL', 'CNGGZ', '2021-01-03', 9)",
        )
        .await;
    let answer = ask(
        &stack,
        "/rates?date_from=2021-01-01&date_to=2021-01-04&orig_code=CNGGZ&dest_code=EETLL",
    )
    .await;
    assert_eq!(
        answer.text(),
        r#"{"rates":[{"day":"2021-01-04","count":null,"price":null},{"day":"2021-01-03","count":3,"price":1154.33},{"day":"2021-01-02","count":2,"price":null},{"day":"2021-01-01","count":null,"price":null}]}"#
    );
}

#[tokio::test]
async fn averages_are_rounded_as_the_database_rounds_them() {
    let stack = stack().await;
    stack
        .sql(
            "SELECT setseed(0.5);
             INSERT INTO prices SELECT 'CNGGZ', 'EETLL', '2021-01-01'::date + (random() * 30)::int, (random() * 4000 - 1000)::int
             FROM generate_series(1, 400);
             INSERT INTO prices SELECT 'CNGGZ', 'EETLL', '2021-01-31', n % 2 FROM generate_series(1, 200) n",
        )
        .await;
    let entries = rates(&stack, &format!("/rates?{JANUARY}")).await;
    let database = stack.database.connect(Role::Super).await;
    let expected = database
        .query(
            "SELECT day::text, count(*), CASE WHEN count(*) >= 3 THEN round(avg(price), 2)::float8 END
             FROM prices GROUP BY day",
            &[],
        )
        .await
        .expect("averages");
    assert!(expected.len() > 25, "{} days", expected.len());
    for row in &expected {
        let mut entries = entries.as_array().expect("a list").iter();
        let entry = entries.find(|entry| entry["day"] == row.get::<_, &str>(0));
        assert_eq!(
            entry.expect("the day"),
            &json!({
                "day": row.get::<_, &str>(0),
                "count": row.get::<_, i64>(1),
                "price": row.get::<_, Option<f64>>(2),
            })
        );
    }
}

#[tokio::test]
async fn every_day_of_a_range_is_answered_leap_days_too() {
    let stack = stack().await;
    let entries = rates(
        &stack,
        "/rates?date_from=2020-01-01&date_to=2020-12-31&orig_code=CNGGZ&dest_code=EETLL",
    )
    .await;
    let days: Vec<&str> = entries
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["day"].as_str())
        .collect();
    assert_eq!(days.len(), 366);
    assert_eq!(
        (days[0], days[306], days[365]),
        ("2020-12-31", "2020-02-29", "2020-01-01")
    );
}

#[tokio::test]
async fn missing_malformed_reversed_and_endless_arguments_are_refused_by_name() {
    let stack = stack().await;
    for (path, argument) in [
        ("/rates", "date_from"),
        (
            "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ",
            "dest_code",
        ),
        (
            "/rates?date_from=2021-01-32&date_to=2021-01-31&orig_code=A&dest_code=B",
            "date_from",
        ),
        (
            "/rates?date_from=2021-01-02&date_to=2021-01-01&orig_code=A&dest_code=B",
            "date_from",
        ),
        (
            "/rates?date_from=2020-01-01&date_to=2021-01-01&orig_code=A&dest_code=B",
            "date_to",
        ),
        (
            "/v1/rates?date_from=x&date_to=2021-01-31&orig_code=A&dest_code=B",
            "date_from",
        ),
        (
            "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=A%00B&dest_code=B",
            "orig_code",
        ),
    ] {
        let answer = ask(&stack, path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer.problem(), "invalid-argument", "{path}");
        assert_eq!(answer.json()["argument"], argument, "{path}");
    }
    let twice = ask(&stack, &format!("/rates?{JANUARY}&date_to=2021-01-30")).await;
    assert_eq!(twice.problem(), "invalid-argument");
}

#[tokio::test]
async fn an_unknown_port_has_no_prices_and_an_unknown_place_is_refused() {
    let stack = stack().await;
    let january = "date_from=2021-01-01&date_to=2021-01-02&orig_code=NOWHERE&dest_code=EETLL";
    let entries = rates(&stack, &format!("/rates?{january}")).await;
    assert_eq!(
        entries[0],
        json!({"day": "2021-01-02", "count": null, "price": null})
    );
    let refused = ask(&stack, &format!("/v1/rates?{january}")).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::BAD_REQUEST, "unknown-place")
    );
    assert_eq!(refused.json()["argument"], "orig_code");
}

#[tokio::test]
async fn a_region_stands_for_every_port_in_it_and_below_it() {
    let stack = stack().await;
    stack
        .sql(
            "INSERT INTO prices VALUES ('CNGGZ', 'EETLL', '2021-01-01', 10), ('CNSGH', 'PLGDY', '2021-01-01', 20),
             ('CNSGH', 'FIHEL', '2021-01-01', 60), ('FIHEL', 'CNGGZ', '2021-01-01', 1000)",
        )
        .await;
    let day = |orig: &str, dest: &str| {
        format!(
            "/v1/rates?date_from=2021-01-01&date_to=2021-01-01&orig_code={orig}&dest_code={dest}"
        )
    };
    assert_eq!(
        rates(&stack, &day("china_main", "north")).await[0],
        json!({"day": "2021-01-01", "count": 3, "price": 30.0})
    );
    assert_eq!(
        rates(&stack, &day("china_main", "baltic")).await[0]["count"],
        2
    );
    assert_eq!(rates(&stack, &day("CNGGZ", "north")).await[0]["count"], 1);
    assert_eq!(rates(&stack, &day("CNGGZ", "EETLL")).await[0]["count"], 1);
    assert_eq!(
        rates(&stack, &day("china_main", "empty")).await[0]["count"],
        Value::Null
    );
    stack
        .sql("UPDATE regions SET parent_slug = 'deep' WHERE slug = 'north'")
        .await;
    assert_eq!(
        rates(&stack, &day("china_main", "north")).await[0]["count"],
        3,
        "regions in a circle end the walk"
    );
}

#[tokio::test]
async fn both_questions_are_answered_from_the_index_alone() {
    let stack = stack().await;
    // As many routes as make the planner think of a table that is not read whole.
    stack
        .sql(
            "INSERT INTO ports SELECT 'XX' || lpad(n::text, 3, '0'), 'A port', 'empty' FROM generate_series(1, 40) n;
             SET session_replication_role = replica;
             INSERT INTO prices SELECT o.code, d.code, '2021-01-01'::date + n, n
             FROM ports o, ports d, generate_series(0, 59) n",
        )
        .await;
    stack.database.settle("prices").await;
    stack.sql("ANALYZE ports; ANALYZE regions").await;
    let paths = [
        format!("/rates?{JANUARY}"),
        format!("/v1/rates?{JANUARY}"),
        "/v1/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=china_main&dest_code=north"
            .to_owned(),
    ];
    let (fetched, scans) = counted(&stack).await;
    for path in &paths {
        for _ in 0..10 {
            assert_eq!(ask(&stack, path).await.status, StatusCode::OK);
        }
    }
    let (fetched_now, scans_now) = counted(&stack).await;
    assert!(scans_now >= scans + 30, "{scans_now} scans after {scans}");
    assert_eq!(fetched_now, fetched, "the table itself was read");
}

/// Rows that were fetched from the table itself and scans of its indexes, by all sessions together.
async fn counted(stack: &Stack) -> (i64, i64) {
    stack.database.end_sessions().await;
    let client = stack.database.connect(Role::Super).await;
    let counts = "SELECT (seq_tup_read + coalesce(idx_tup_fetch, 0))::int8, idx_scan::int8 FROM pg_stat_user_tables
        WHERE relname = 'prices'";
    let row = client.query_one(counts, &[]).await.expect("counts");
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn an_etag_lasts_until_a_batch_is_committed_or_undone() {
    let stack = stack().await;
    let tag = |answer: &Answer| answer.header("etag").expect("an ETag").to_owned();
    let path = format!("/rates?{JANUARY}");
    let first = ask(&stack, &path).await;
    assert_eq!(first.header("cache-control"), Some("public, no-cache"));
    let again = |tag: String| {
        stack.send(
            request("GET", &path, "")
                .header(header::IF_NONE_MATCH, tag)
                .body(Body::empty())
                .expect("a request"),
        )
    };
    let unchanged = again(tag(&first)).await;
    assert_eq!(
        (unchanged.status, unchanged.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    assert_eq!(tag(&unchanged), tag(&first));
    assert_ne!(
        tag(&ask(&stack, &format!("{path}9")).await),
        tag(&first),
        "another question"
    );

    let id = registered(&stack).await;
    stack
        .commit(
            id,
            "INSERT INTO prices SELECT 'CNGGZ', 'EETLL', '2021-01-05', 7, $1",
        )
        .await;
    let second = again(tag(&first)).await;
    assert_eq!(second.status, StatusCode::OK);
    assert_eq!(
        second.json()["rates"][26],
        json!({"day": "2021-01-05", "count": 1, "price": null})
    );

    ledger::undo(&mut *stack.database.connect(Role::Loader).await, id, "t")
        .await
        .expect("undone");
    let third = again(tag(&second)).await;
    assert_eq!(third.status, StatusCode::OK);
    assert_ne!(
        tag(&third),
        tag(&first),
        "undone is not the same as never committed"
    );
}

#[tokio::test]
async fn a_304_reads_no_prices() {
    let stack = stack().await;
    let path = format!("/rates?{JANUARY}");
    let tag = ask(&stack, &path)
        .await
        .header("etag")
        .expect("an ETag")
        .to_owned();
    stack
        .sql("REVOKE SELECT ON prices FROM waybill_readers")
        .await;
    let known = request("GET", &path, "")
        .header(header::IF_NONE_MATCH, tag)
        .body(Body::empty())
        .expect("a request");
    let status = stack.send(known).await.status;
    stack.sql("GRANT SELECT ON prices TO waybill_readers").await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn after_batch_waits_for_the_batch() {
    let stack = stack().await;
    let id = registered(&stack).await;
    let path = format!("/rates?{JANUARY}&after_batch={id}");
    let (answer, ()) = tokio::join!(ask(&stack, &path), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        stack
            .commit(
                id,
                "INSERT INTO prices SELECT 'CNGGZ', 'EETLL', '2021-01-31', 7, $1",
            )
            .await;
    });
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["rates"][0]["count"], 1);
}

#[tokio::test]
async fn after_batch_says_what_will_not_become_visible() {
    let stack = stack().await;
    let id = registered(&stack).await;
    stack.reject(id, b"h", 0, vec![]).await;
    let rejected = ask(&stack, &format!("/rates?{JANUARY}&after_batch={id}")).await;
    assert_eq!(
        (rejected.status, rejected.problem().as_str()),
        (StatusCode::CONFLICT, "batch-not-visible")
    );
    assert_eq!(rejected.json()["state"], "rejected");
    let began = std::time::Instant::now();
    let unknown = ask(
        &stack,
        &format!("/rates?{JANUARY}&after_batch={}", BatchId::fresh()),
    )
    .await;
    assert_eq!(unknown.problem(), "batch-not-visible");
    assert_eq!(unknown.header("retry-after"), Some("2"));
    assert!(
        began.elapsed().as_secs() < 3,
        "nobody waits for a batch that is none"
    );
}

#[tokio::test]
async fn rates_need_a_key_unless_they_are_public() {
    let stack = Stack::with(false).await;
    let path = format!("/rates?{JANUARY}");
    assert_eq!(stack.get(&path, "").await.problem(), "unauthenticated");
    let writer = stack.key_for(&[Scope::BatchesWrite], &["*"]).await;
    assert_eq!(stack.get(&path, &writer).await.problem(), "scope-missing");
    let other = stack.key_for(&[Scope::RatesRead], &["ports"]).await;
    assert_eq!(
        stack.get(&path, &other).await.problem(),
        "dataset-not-granted"
    );
    let reader = stack.key_for(&[Scope::RatesRead], &["prices"]).await;
    let answer = stack.get(&path, &reader).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
}
