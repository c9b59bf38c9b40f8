//! The promise of the hot path: a good value costs no allocation.

#![expect(
    unsafe_code,
    reason = "counting allocations needs an allocator of one's own"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use contract::{Contract, Raw};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator; the counter is const-initialised and never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn a_good_value_costs_no_allocation() {
    let columns: &[(&str, &[u8])] = &[
        (
            "type = \"text\"\nmax_length = 5\npattern = \"[A-Z]{2}[A-Z0-9]{3}\"",
            b"EETLL",
        ),
        ("type = \"text\"\npattern = \"(sea|air)-[0-9]+\"", b"sea-12"),
        (
            "type = \"text\"\none_of = [\"none\", \"half\", \"full\"]",
            b"half",
        ),
        ("type = \"integer\"\nmin = 1\nmax = 5000", b"1244"),
        ("type = \"bigint\"\none_of = [1, 9]", b"9"),
        ("type = \"decimal(12,2)\"\nmin = \"0.01\"", b"1154.33"),
        ("type = \"double\"\nmin = 1", b"1154.3333333333333"),
        ("type = \"boolean\"", b"true"),
        ("type = \"date\"\nmin = 2021-01-01", b"2021-01-31"),
        (
            "type = \"date\"\nformat = \"%d.%m.%Y\"\ntrim = true",
            b" 31.01.2021 ",
        ),
        ("type = \"timestamp\"", b"2021-01-31T10:00:00.5+02:00"),
        ("type = \"uuid\"", b"67e55044-10b1-426f-9247-bb680e5fe0c8"),
        ("type = \"json\"", br#"{"a":[1,"\u00e9",{"b":null}]}"#),
        ("type = \"text\"\ndefault = \"none\"", b""),
    ];
    for (lines, bytes) in columns {
        let head = "name = \"things\"\ntable = \"things\"\nmode = \"append\"\n";
        let contract =
            Contract::parse(&format!("{head}[[columns]]\nname = \"it\"\n{lines}")).unwrap();
        let column = &contract.columns[0];
        // The engine of regular expressions makes its caches at the first use.
        assert!(column.check(Raw::Text(bytes)).is_ok(), "{lines}");

        let before = ALLOCATIONS.get();
        let taken = column.check(Raw::Text(bytes)).is_ok();
        let after = ALLOCATIONS.get();
        assert!(taken);
        assert_eq!(after - before, 0, "allocations in a column of\n{lines}");
    }
}
