//! Whatever the bytes of a JSON document, the block size and the pieces it arrives in: the same records, places and
//! faults. What a document is written from comes out of it again.

use contract::Contract;
use proptest::collection::vec;
use proptest::prelude::*;
use reader::{Format, Limits};

use crate::support::{Field, Outcome, Pieces, abc, read};

fn under_data() -> Contract {
    let columns =
        ["a", "b", "c"].map(|name| format!("[[columns]]\nname = \"{name}\"\ntype = \"text\"\n"));
    Contract::parse(&format!(
        "name = \"abc\"\ntable = \"abc\"\nmode = \"append\"\n[json]\nrecords = \"d.p\"\n{}",
        columns.concat()
    ))
    .expect("the contract is right")
}

fn outcome(
    contract: &Contract,
    bytes: &[u8],
    block: usize,
    piece: usize,
    record_bytes: usize,
) -> Outcome {
    let limits = Limits {
        block_bytes: block,
        record_bytes,
        depth: 4,
        ..Limits::default()
    };
    let mut outcome = read(
        Format::Json,
        contract,
        Box::new(Pieces::new(bytes, piece)),
        &limits,
    );
    assert!(
        outcome.most_bytes <= (record_bytes + block).max(1024) + 2 * block,
        "a block holds no more than it must"
    );
    outcome.most_bytes = 0;
    outcome
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => "[\\[\\]{}\",:]",
        2 => "[ \n\r\t]",
        2 => r#"\{"a":"[a-z]{0,4}","b":[0-9]{1,3}\},?"#,
        2 => r#""(d|p|[a-z]{0,3})":"#,
        1 => r"\\.",
        1 => "(null|true|-?[0-9.eE+-]{1,5}|é)",
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => hostile(),
        3 => hostile().prop_map(|inner| [b"[", &inner[..], b"]"].concat()),
        3 => hostile().prop_map(|inner| [b"{\"x\":[1],\"d\":{\"p\":[", &inner[..], b"]}}"].concat()),
        1 => vec(any::<u8>(), 0..60),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~]{0,12}",
        "\\PC{0,8}",
        "[\"\\\\\n\t\u{0}-\u{1f}]{0,6}"
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_depends_on_how_a_document_is_cut_or_arrives(
        bytes in any_bytes(),
        path in any::<bool>(),
        block in 1..80_usize,
        piece in 1..20_usize,
        record_bytes in prop_oneof![6..40_usize, Just(1 << 20)],
    ) {
        let contract = if path { under_data() } else { abc("reject") };
        let whole = outcome(&contract, &bytes, 1 << 18, usize::MAX, record_bytes);
        prop_assert_eq!(outcome(&contract, &bytes, block, piece, record_bytes), whole);
    }

    #[test]
    fn what_is_written_is_read_again(
        rows in vec((value(), proptest::option::of(value())), 0..20),
        pretty in any::<bool>(),
        path in any::<bool>(),
        block in prop_oneof![1..80_usize, Just(1 << 18)],
    ) {
        let records: Vec<_> = rows.iter().map(|(a, b)| serde_json::json!({"a": a, "b": b})).collect();
        let document = if path {
            serde_json::json!({"aa": {"p": []}, "d": {"p": records, "q": [{}]}, "z": 1.5e3})
        } else {
            serde_json::json!(records)
        };
        let written = if pretty { serde_json::to_vec_pretty(&document) } else { serde_json::to_vec(&document) };
        let written = written.expect("memory does not fail");
        let contract = if path { under_data() } else { abc("reject") };
        let got = outcome(&contract, &written, block, 7, 1 << 20);
        prop_assert_eq!(&got.fault, &None);
        let field = |value: &str| Field::Text(value.into());
        let expected: Vec<_> = rows
            .iter()
            .map(|(a, b)| vec![field(a), b.as_deref().map_or(Field::Absent, field), Field::Absent])
            .collect();
        let read: Vec<_> = got.lines.iter().map(|line| line.fields().to_vec()).collect();
        prop_assert_eq!(read, expected);
        prop_assert_eq!(got.end.byte, written.len() as u64);
        for line in &got.lines {
            let from = line.at.byte as usize;
            prop_assert_eq!(&written[from..from + line.raw.len()], &line.raw[..]);
            let feeds = written[..from].split(|byte| *byte == b'\n').count() as u64 - 1;
            prop_assert_eq!(line.at.line, feeds + 1);
        }
    }
}
