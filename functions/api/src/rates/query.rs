//! The statements behind the rates: one for each way of asking, and one for the data's version.
//!
//! The version is part of the same statement and so of the same snapshot: an ETag never names a state that its rates were
//! not read in, on a replica neither. The database counts and sums, which it must; days without prices and averages are
//! made here, where they cost less than half as much.

use jiff::civil::Date;
use tokio_postgres::Row;

use crate::pool::Lease;
use crate::problem::{Kind, Problem};

use super::Rate;
use super::question::{Places, Question};

const PORTS: &str = include_str!("ports.sql");
const PLACES: &str = include_str!("places.sql");

const PORTS_VERSION: &str =
    "SELECT (SELECT 'prices:' || version FROM waybill.versions WHERE dataset = 'prices')";
const PLACES_VERSION: &str = "SELECT string_agg(dataset || ':' || version, ' ' ORDER BY dataset)
    FROM waybill.versions WHERE dataset IN ('ports', 'prices', 'regions')";

/// Fewer prices than this say too little for an average.
const ENOUGH: i64 = 3;

/// The version of the data that answers come from.
pub(super) async fn version(client: &mut Lease, places: Places) -> Result<String, Problem> {
    let sql = match places {
        Places::Ports => PORTS_VERSION,
        Places::PortsAndRegions => PLACES_VERSION,
    };
    let statement = client.prepared(sql).await?;
    let row = client
        .query_one(&statement, &[])
        .await
        .map_err(ledger::Error::from)?;
    column::<Option<String>>(&row, 0).map(Option::unwrap_or_default)
}

/// The rates and the version that they were read in.
pub(super) async fn rates(
    client: &mut Lease,
    question: &Question,
) -> Result<(Vec<Rate>, String), Problem> {
    let sql = match question.places {
        Places::Ports => PORTS,
        Places::PortsAndRegions => PLACES,
    };
    let statement = client.prepared(sql).await?;
    let Question {
        origin,
        destination,
        from,
        to,
        ..
    } = question;
    let row = client
        .query_one(&statement, &[origin, destination, from, to])
        .await
        .map_err(ledger::Error::from)?;
    if question.places == Places::PortsAndRegions {
        known("orig_code", origin, column(&row, 4)?)?;
        known("dest_code", destination, column(&row, 5)?)?;
    }
    let version: Option<String> = column(&row, 0)?;
    let days: Option<Vec<Date>> = column(&row, 1)?;
    let counts: Option<Vec<i64>> = column(&row, 2)?;
    let totals: Option<Vec<i64>> = column(&row, 3)?;
    let mut rates = empty(*from, *to);
    let found = days.into_iter().flatten();
    let found = found.zip(counts.into_iter().flatten());
    for ((day, count), total) in found.zip(totals.into_iter().flatten()) {
        let place = (*to - day).get_days() as usize;
        if let Some(rate) = rates.get_mut(place) {
            rate.count = Some(count);
            rate.price = (count >= ENOUGH).then(|| average(total, count));
        }
    }
    Ok((rates, version.unwrap_or_default()))
}

/// One entry for every day of the range, newest first.
fn empty(from: Date, to: Date) -> Vec<Rate> {
    let mut rates = Vec::with_capacity((to - from).get_days() as usize + 1);
    let mut day = Some(to);
    while let Some(this) = day.filter(|day| *day >= from) {
        rates.push(Rate {
            day: this,
            count: None,
            price: None,
        });
        // Before the first day that there is nothing more is asked for.
        day = this.yesterday().ok();
    }
    rates
}

/// A total by its count, rounded to two decimals, halves away from zero: PostgreSQL's `round(avg(price), 2)`.
fn average(total: i64, count: i64) -> f64 {
    let (total, count) = (i128::from(total), i128::from(count));
    let twice = 200 * total.abs() + count;
    let hundredths = twice / (2 * count) * total.signum();
    hundredths as f64 / 100.0
}

fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    place: usize,
) -> Result<T, Problem> {
    Ok(row.try_get(place).map_err(ledger::Error::from)?)
}

fn known(name: &str, place: &str, known: bool) -> Result<(), Problem> {
    if known {
        return Ok(());
    }
    Err(Problem::new(
        Kind::UnknownPlace,
        format!("{name} `{place}` is neither a port's code nor a region's slug."),
    )
    .with("argument", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_rounded_as_the_database_rounds() {
        for (total, count, expected) in [
            (3463, 3, 1154.33),
            (1, 8, 0.13),
            (-1, 8, -0.13),
            (1005, 200, 5.03),
            (2, 3, 0.67),
            (0, 5, 0.0),
            (i64::from(i32::MAX) * 1000, 1000, 2_147_483_647.0),
        ] {
            let average = average(total, count);
            assert!(
                (average - expected).abs() < 1e-9,
                "{total} / {count}: {average}"
            );
        }
    }

    #[test]
    fn the_first_and_the_last_day_that_there_are_can_be_asked_for() {
        assert_eq!(empty(Date::MIN, Date::MIN).len(), 1);
        assert_eq!(empty(Date::MAX, Date::MAX).len(), 1);
    }
}
