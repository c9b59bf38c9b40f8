//! The statements behind the rates: one for each way of asking, and one for the data's version.
//!
//! Prices are read from `prices_route_day` alone, which holds the price as well. The version is part of the same
//! statement and so of the same snapshot: an ETag never names a state that its rates were not read in.

use crate::pool::Lease;
use crate::problem::{Kind, Problem};

use super::Rate;
use super::question::{Places, Question};

/// Fewer prices than this say too little for an average; the 3 in the statements.
macro_rules! daily {
    ($routes:literal) => {
        concat!(
            "daily AS (",
            " SELECT day, count(*) AS count, CASE WHEN count(*) >= 3 THEN round(avg(price), 2)::float8 END AS price",
            " FROM public.prices WHERE ",
            $routes,
            " AND day BETWEEN $3 AND $4 GROUP BY day)"
        )
    };
}

macro_rules! version {
    ($datasets:literal) => {
        concat!(
            "(SELECT coalesce(string_agg(dataset || ':' || version, ' ' ORDER BY dataset), '')",
            " FROM waybill.versions WHERE dataset IN (",
            $datasets,
            "))"
        )
    };
}

/// Ports alone: nothing but the index is read.
pub(super) const PORTS: &str = concat!(
    "WITH ",
    daily!("orig_code = $1 AND dest_code = $2"),
    " SELECT $3::date + n AS day, count, price, ",
    version!("'prices'"),
    " AS version, true AS origin_known, true AS destination_known",
    " FROM generate_series($4::date - $3::date, 0, -1) AS n LEFT JOIN daily ON daily.day = $3::date + n ORDER BY n DESC"
);

/// Ports and regions. `UNION` (not `UNION ALL`) ends the walk even where regions were linked in a circle.
pub(super) const PLACES: &str = concat!(
    "WITH RECURSIVE",
    " origin_regions AS (SELECT slug FROM public.regions WHERE slug = $1",
    "  UNION SELECT r.slug FROM public.regions r JOIN origin_regions o ON r.parent_slug = o.slug),",
    " destination_regions AS (SELECT slug FROM public.regions WHERE slug = $2",
    "  UNION SELECT r.slug FROM public.regions r JOIN destination_regions d ON r.parent_slug = d.slug),",
    " origins AS (SELECT code FROM public.ports WHERE code = $1 OR parent_slug IN (SELECT slug FROM origin_regions)),",
    " destinations AS (SELECT code FROM public.ports WHERE code = $2 OR parent_slug IN (SELECT slug FROM destination_regions)), ",
    daily!(
        "orig_code = ANY (ARRAY(SELECT code FROM origins)) AND dest_code = ANY (ARRAY(SELECT code FROM destinations))"
    ),
    " SELECT $3::date + n AS day, count, price, ",
    version!("'ports', 'prices', 'regions'"),
    " AS version,",
    " EXISTS (SELECT FROM origins) OR EXISTS (SELECT FROM origin_regions) AS origin_known,",
    " EXISTS (SELECT FROM destinations) OR EXISTS (SELECT FROM destination_regions) AS destination_known",
    " FROM generate_series($4::date - $3::date, 0, -1) AS n LEFT JOIN daily ON daily.day = $3::date + n ORDER BY n DESC"
);

const PORTS_VERSION: &str = concat!("SELECT ", version!("'prices'"));
const PLACES_VERSION: &str = concat!("SELECT ", version!("'ports', 'prices', 'regions'"));

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
    Ok(row.get(0))
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
    let rows = client
        .query(
            &statement,
            &[
                &question.origin,
                &question.destination,
                &question.from,
                &question.to,
            ],
        )
        .await
        .map_err(ledger::Error::from)?;
    let mut version = String::new();
    if let Some(first) = rows.first() {
        known("orig_code", &question.origin, first.get("origin_known"))?;
        known(
            "dest_code",
            &question.destination,
            first.get("destination_known"),
        )?;
        version = first.get("version");
    }
    let rates = rows
        .iter()
        .map(|row| Rate {
            day: row.get("day"),
            count: row.get("count"),
            price: row.get("price"),
        })
        .collect();
    Ok((rates, version))
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
