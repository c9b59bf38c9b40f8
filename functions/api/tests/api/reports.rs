//! Reports: entries and the partner's own rows.

use axum::body::Body;
use axum::http::header;
use ledger::{BatchId, Finding};
use serde_json::{Value, json};

use crate::stack::{Stack, request};

const HEADER: &[u8] = b"\xEF\xBB\xBForig_code,dest_code,day,price\r\n";

fn finding(record: u64, column: Option<&str>, row: &[u8]) -> Finding {
    Finding {
        file: None,
        record,
        line: record + 1,
        byte: record * 10,
        column: column.map(str::to_owned),
        rule: "min".to_owned(),
        value: Some("0".to_owned()),
        message: "must be at least 1".to_owned(),
        row: row.to_vec(),
    }
}

/// A rejected batch: record 2 twice wrong, record 3 Latin-1, record 7 with a line break in it; 12 found, 4 listed.
async fn rejected(stack: &Stack, key: &str) -> BatchId {
    let id = stack.submit(key, "a").await;
    let findings = vec![
        finding(2, Some("price"), b"A,B,2021-01-01,0"),
        finding(2, Some("day"), b"A,B,2021-01-01,0"),
        finding(3, None, b"\xFC,B,2021-01-01,1"),
        finding(7, Some("price"), b"\"x\ny\",B,2021-01-01,0"),
    ];
    stack.reject(id, HEADER, 12, findings).await;
    id
}

const ROWS: &[u8] = b"\xEF\xBB\xBForig_code,dest_code,day,price\r\nA,B,2021-01-01,0\r\n\xFC,B,2021-01-01,1\r\n\"x\ny\",B,2021-01-01,0\r\n";

#[tokio::test]
async fn a_report_lists_every_entry_in_file_order_with_the_exact_total() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = rejected(&stack, &key).await;
    let report = stack
        .get(&format!("/v1/batches/{id}/errors"), &key)
        .await
        .json();
    assert_eq!(
        (&report["total"], &report["listed"], &report["next"]),
        (&json!(12), &json!(4), &Value::Null)
    );
    assert_eq!(
        report["errors"][0],
        json!({"record": 2, "line": 3, "byte": 20, "column": "price", "rule": "min", "value": "0",
            "message": "must be at least 1", "row": "A,B,2021-01-01,0"})
    );
    let records: Vec<&Value> = report["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["record"])
        .collect();
    assert_eq!(records, [2, 2, 3, 7]);
}

#[tokio::test]
async fn own_rows_come_back_byte_for_byte_under_the_files_own_header() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = rejected(&stack, &key).await;
    let answer = stack
        .get(&format!("/v1/batches/{id}/errors?format=csv"), &key)
        .await;
    assert_eq!(answer.header("content-type"), Some("text/csv"));
    assert_eq!(
        (
            answer.header("report-total"),
            answer.header("report-listed")
        ),
        (Some("12"), Some("4"))
    );
    assert_eq!(answer.body.as_ref(), ROWS);
    let accept = request("GET", &format!("/v1/batches/{id}/errors"), &key)
        .header(header::ACCEPT, "text/csv");
    assert_eq!(
        stack
            .send(accept.body(Body::empty()).expect("a request"))
            .await
            .body
            .as_ref(),
        ROWS
    );
}

#[tokio::test]
async fn pages_put_together_are_the_whole_report_in_every_form() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = rejected(&stack, &key).await;
    for form in ["json", "jsonl", "csv"] {
        let whole = stack
            .get(&format!("/v1/batches/{id}/errors?format={form}"), &key)
            .await;
        let mut bytes = Vec::new();
        let mut entries = Vec::new();
        let mut next = Some(format!("/v1/batches/{id}/errors?format={form}&limit=1"));
        let mut pages = 0;
        while let Some(path) = next {
            let page = stack.get(&path, &key).await;
            bytes.extend_from_slice(&page.body);
            if form == "json" {
                entries.extend(page.json()["errors"].as_array().cloned().expect("a list"));
            }
            next = page.header("link").map(|link| {
                link.trim_start_matches('<')
                    .split('>')
                    .next()
                    .expect("an address")
                    .to_owned()
            });
            pages += 1;
        }
        assert_eq!(pages, 4, "{form}");
        if form == "json" {
            assert_eq!(whole.json()["errors"], Value::Array(entries));
        } else {
            assert_eq!(whole.body.as_ref(), bytes, "{form}");
        }
    }
}

#[tokio::test]
async fn a_long_report_is_read_to_its_end() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = stack.submit(&key, "a").await;
    let findings = (1..=1_500)
        .map(|record| finding(record, None, b"row"))
        .collect();
    stack.reject(id, b"h\n", 1_500, findings).await;
    let path = format!("/v1/batches/{id}/errors?format=jsonl");
    let whole = stack.get(&format!("{path}&limit=10000"), &key).await;
    let records: Vec<u64> = whole
        .text()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["record"].as_u64())
        .collect();
    assert_eq!(records, (1..=1_500).collect::<Vec<u64>>());
    assert_eq!(stack.get(&path, &key).await.text().lines().count(), 1_000);
}

#[tokio::test]
async fn a_page_of_large_rows_ends_before_it_is_too_large_for_an_answer() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = stack.submit(&key, "a").await;
    let large = vec![b'x'; 1024 * 1024];
    stack
        .reject(
            id,
            b"h\n",
            5,
            (1..=5)
                .map(|record| finding(record, None, &large))
                .collect(),
        )
        .await;
    let path = format!("/v1/batches/{id}/errors?format=rows");
    let first = stack.get(&path, &key).await;
    assert!(first.body.len() < 4 * 1024 * 1024, "{}", first.body.len());
    let link = first
        .header("link")
        .expect("more")
        .trim_start_matches('<')
        .split('>')
        .next()
        .expect("an address")
        .to_owned();
    let second = stack.get(&link, &key).await;
    assert!(first.body.len() + second.body.len() > 4 * 1024 * 1024);
}

#[tokio::test]
async fn a_batch_without_errors_has_an_empty_report() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let id = stack.submit(&key, "a").await;
    let report = stack
        .get(&format!("/v1/batches/{id}/errors"), &key)
        .await
        .json();
    assert_eq!(
        report,
        json!({"total": 0, "listed": 0, "errors": [], "next": null})
    );
}

#[tokio::test]
async fn rows_of_json_lines_come_back_as_json_lines_and_not_as_csv() {
    let stack = Stack::new().await;
    let key = stack.key().await;
    let batch = stack
        .post(
            "/v1/batches?dataset=prices",
            &key,
            "application/x-ndjson",
            "{}",
        )
        .await
        .json();
    let id: BatchId = batch["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("an id");
    stack
        .settle_json_lines(id, vec![finding(1, None, br#"{"a": 1}"#)])
        .await;
    let path = format!("/v1/batches/{id}/errors");
    assert_eq!(
        stack
            .get(&format!("{path}?format=csv"), &key)
            .await
            .problem(),
        "invalid-argument"
    );
    let rows = stack.get(&format!("{path}?format=rows"), &key).await;
    assert_eq!(
        (rows.text(), rows.header("content-type")),
        ("{\"a\": 1}\n", Some("application/x-ndjson"))
    );
}
