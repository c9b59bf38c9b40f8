//! The real freight rates, whole: what the design promises about a batch, on data of a real service.

mod support;

use ledger::{Options, State};
use support::{Bench, real_rates};

async fn loaded() -> Option<(Bench, Vec<u8>, ledger::BatchId)> {
    let folder = real_rates()?;
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a readable file");
    let mut bench = Bench::empty().await;
    for dataset in ["regions", "ports"] {
        let ended = bench
            .submit(
                &format!("{dataset}/{dataset}.csv"),
                read(&format!("{dataset}.csv")),
            )
            .await;
        assert_eq!(
            ended.loaded.state,
            State::Committed,
            "{:?}",
            ended.batch.error
        );
    }
    let prices = read("prices.csv");
    let ended = bench.submit("prices/prices.csv", prices.clone()).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rows),
        (State::Committed, 56_689)
    );
    Some((bench, prices, ended.batch.id))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_arrives_and_the_same_content_again_is_a_duplicate() {
    let Some((mut bench, prices, first)) = loaded().await else {
        return;
    };
    assert_eq!(bench.count("prices").await, 56_689);
    let answered = bench
        .session
        .query_one(
            "SELECT count(*), round(avg(price), 2)::text FROM prices
             WHERE orig_code = 'CNGGZ' AND dest_code = 'EETLL' AND day = '2021-01-31'",
            &[],
        )
        .await
        .expect("asked");
    assert_eq!(
        (answered.get::<_, i64>(0), answered.get::<_, &str>(1)),
        (3, "1154.33")
    );

    let again = bench
        .submit("prices/another name.csv", prices.clone())
        .await;
    assert_eq!(
        (again.loaded.state, again.batch.duplicate_of),
        (State::Duplicate, Some(first))
    );
    assert_eq!(bench.count("prices").await, 56_689);

    let forced = Options {
        force: true,
        ..Options::default()
    };
    let twice = bench.submit_with("prices/forced.csv", prices, forced).await;
    assert_eq!(twice.loaded.state, State::Committed);
    assert_eq!(bench.count("prices").await, 2 * 56_689);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_row_in_the_middle_rejects_all_and_is_named_exactly() {
    let Some((mut bench, prices, _)) = loaded().await else {
        return;
    };
    let mut lines: Vec<&[u8]> = prices.split_inclusive(|byte| *byte == b'\n').collect();
    let bad: &[u8] = b"CNGGZ,EETLL,2021-02-30,1244\n";
    lines[28_000] = bad;
    let byte: usize = lines[..28_000].iter().map(|line| line.len()).sum();
    let ended = bench.submit("prices/bad.csv", lines.concat()).await;

    assert_eq!(
        (ended.loaded.state, ended.loaded.rejected),
        (State::Rejected, 1)
    );
    assert_eq!(
        ended.places(),
        [(
            28_000,
            28_001,
            byte as u64,
            Some("day"),
            "type",
            Some("2021-02-30")
        )]
    );
    assert_eq!(ended.report[0].row, &bad[..bad.len() - 1]);
    assert_eq!(
        bench.count("prices").await,
        56_689,
        "nothing of the rejected batch is there"
    );
}

/// Ten ways to be wrong, each with the column and the rule that must be named.
const KINDS: [(&str, Option<&str>, &str); 10] = [
    (
        "ZZZZZ,EETLL,2021-01-01,1244",
        Some("orig_code"),
        "references",
    ),
    (
        "CNGGZ,YYYYY,2021-01-01,1244",
        Some("dest_code"),
        "references",
    ),
    (",EETLL,2021-01-01,1244", Some("orig_code"), "required"),
    ("CNGGZ,EETLL,2021-13-01,1244", Some("day"), "type"),
    ("CNGGZ,EETLL,,1244", Some("day"), "required"),
    ("CNGGZ,EETLL,2021-01-01,1e5", Some("price"), "type"),
    ("CNGGZ,EETLL,2021-01-01,0", Some("price"), "min"),
    ("CNGGZ,EETLL,2021-01-01,99999999999", Some("price"), "type"),
    ("CNGGZ,EETLL,2021-01-01", None, "columns"),
    ("CNGGZ,EE\"TLL,2021-01-01,1244", Some("dest_code"), "quote"),
];

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_bad_rows_of_ten_kinds_are_all_reported_in_order() {
    let Some((mut bench, prices, _)) = loaded().await else {
        return;
    };
    let text = String::from_utf8(prices).expect("text");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut expected = Vec::new();
    for place in 0..500 {
        let line = 100 + place * 113;
        let (row, column, rule) = KINDS[place % KINDS.len()];
        lines[line] = row.to_owned();
        expected.push((line as u64, line as u64 + 1, column, rule));
    }
    let ended = bench.submit("prices/500.csv", lines.join("\n")).await;
    assert_eq!(
        (ended.loaded.state, ended.loaded.rejected),
        (State::Rejected, 500)
    );
    let found: Vec<_> = ended
        .places()
        .into_iter()
        .map(|(record, line, _, column, rule, _)| (record, line, column, rule))
        .collect();
    assert_eq!(found, expected);
    let size = ended.batch.report;
    assert_eq!((size.total, size.listed), (500, 500));
}
