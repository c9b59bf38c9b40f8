//! Whatever the bytes of an XML document, the block size and the pieces it arrives in: the same records, places and
//! faults. What a document is written from comes out of it again.

use proptest::collection::vec;
use proptest::prelude::*;
use reader::{Format, Limits};

use crate::support::{Field, Outcome, Pieces, abc, read};

fn outcome(
    bytes: &[u8],
    unknown: &str,
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
        Format::Xml,
        &abc(unknown),
        Box::new(Pieces::new(bytes, piece)),
        &limits,
    );
    assert!(
        // Of a tag, the name is waited for before it is understood.
        outcome.most_bytes <= record_bytes.max(1024) + 1024 + 3 * block,
        "a block holds no more than it must"
    );
    outcome.most_bytes = 0;
    outcome
}

fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[<>/\"'=& -]",
        2 => "</?(abc|record|a|b|x)/?>",
        2 => "<(record|a|b|x) (a|b|k)=(\"[a-z>]{0,3}\"|'[a-z/]{0,3}')/?>",
        1 => "<record><a>[a-zé&;\n]{0,6}</a></record>",
        1 => "<!--[a-z-]{0,4}(--)?>",
        1 => "<!\\[CDATA\\[[a-z\\]<]{0,4}(\\]\\])?>",
        1 => "<\\?[a-z]{0,4} ?[a-z?]{0,3}(\\?)?>",
        1 => "(&amp;|&#10;|&x;|\n|é|\u{1}|text)",
    ];
    vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes())
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => hostile(),
        4 => hostile().prop_map(|inner| [b"<abc>", &inner[..], b"</abc>"].concat()),
        2 => hostile().prop_map(|inner| [b"<?xml version='1.0'?><abc><record>", &inner[..], b"</record></abc>"].concat()),
        2 => (hostile(), vec(any::<u8>(), 0..4), hostile()).prop_map(|(one, two, three)| [b"<abc>", &one[..], &two, &three].concat()),
        1 => vec(any::<u8>(), 0..60),
    ]
}

/// Characters that XML can hold at all.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~]{1,12}",
        "\\PC{1,8}",
        "[\"'&<>\\]\n\t ]{1,6}"
    ]
}

#[derive(Debug, Clone, Copy)]
enum Written {
    Element,
    Attribute,
    Cdata,
}

fn escaped(value: &str) -> String {
    let mut text = String::new();
    for letter in value.chars() {
        match letter {
            '<' => text.push_str("&lt;"),
            '&' => text.push_str("&amp;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\n' | '\t' => text.extend(["&#", &u32::from(letter).to_string(), ";"]),
            other => text.push(other),
        }
    }
    text
}

fn written(name: &str, value: &str, how: Written) -> (String, String) {
    match how {
        Written::Attribute => (format!(" {name}=\"{}\"", escaped(value)), String::new()),
        Written::Element => (
            String::new(),
            format!("<{name}>{}</{name}>\n", escaped(value)),
        ),
        Written::Cdata => {
            let value = value.replace("]]>", "]]]]><![CDATA[>");
            (
                String::new(),
                format!("<{name}><![CDATA[{value}]]></{name}>"),
            )
        }
    }
}

fn how() -> impl Strategy<Value = Written> {
    prop_oneof![
        Just(Written::Element),
        Just(Written::Attribute),
        Just(Written::Cdata)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_depends_on_how_a_document_is_cut_or_arrives(
        bytes in any_bytes(),
        unknown in prop_oneof![Just("reject"), Just("ignore")],
        block in 1..80_usize,
        piece in 1..20_usize,
        record_bytes in prop_oneof![6..40_usize, Just(1 << 20)],
    ) {
        let whole = outcome(&bytes, unknown, 1 << 18, usize::MAX, record_bytes);
        prop_assert_eq!(outcome(&bytes, unknown, block, piece, record_bytes), whole);
    }

    #[test]
    fn what_is_written_is_read_again(
        rows in vec(((value(), how()), (value(), how())), 0..20),
        block in prop_oneof![1..80_usize, Just(1 << 18)],
    ) {
        let records: Vec<String> = rows
            .iter()
            .map(|((a, how_a), (b, how_b))| {
                let (attribute_a, element_a) = written("a", a, *how_a);
                let (attribute_b, element_b) = written("b", b, *how_b);
                format!("  <record{attribute_b}{attribute_a}>{element_a}{element_b}</record>\n")
            })
            .collect();
        let records = records.concat();
        let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<abc made='now'>\n{records}</abc>\n");
        let got = outcome(document.as_bytes(), "reject", block, 7, 1 << 20);
        prop_assert_eq!(&got.fault, &None);
        let field = |value: &str| if value.is_empty() { Field::Absent } else { Field::Text(value.into()) };
        let expected: Vec<_> = rows
            .iter()
            .map(|((a, _), (b, _))| vec![field(a), field(b), Field::Absent])
            .collect();
        let read: Vec<_> = got.lines.iter().map(|line| line.fields().to_vec()).collect();
        prop_assert_eq!(read, expected);
        prop_assert_eq!(got.end.byte, document.len() as u64);
        for line in &got.lines {
            let from = line.at.byte as usize;
            prop_assert_eq!(&document.as_bytes()[from..from + line.raw.len()], &line.raw[..]);
        }
    }
}
