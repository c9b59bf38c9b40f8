//! Sums and percentiles out of CloudWatch.

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};

use crate::ReleaseError;
use crate::calls::unreachable;

/// The most queries of one call.
const AT_ONCE: usize = 500;

/// One number to ask for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) namespace: &'static str,
    pub(crate) metric: &'static str,
    pub(crate) dimensions: Vec<(&'static str, String)>,
    /// As CloudWatch writes it: `Sum`, `p90`, `PR(:250)`.
    pub(crate) statistic: String,
}

/// From when to when, told in periods of which length. A percentile wants one period over all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: SystemTime,
    pub(crate) until: SystemTime,
    pub(crate) period: Duration,
}

/// The values of each, in the order asked; empty where nothing was measured.
pub(crate) async fn values(
    client: &Client,
    window: Window,
    asked: &[Asked],
) -> Result<Vec<Vec<f64>>, ReleaseError> {
    let mut values = vec![Vec::new(); asked.len()];
    for (chunk, part) in asked.chunks(AT_ONCE).enumerate() {
        let queries = part
            .iter()
            .enumerate()
            .map(|(index, one)| query(index, one, window.period));
        let mut pages = client
            .get_metric_data()
            .start_time(DateTime::from(window.from))
            .end_time(DateTime::from(window.until))
            .set_metric_data_queries(Some(queries.collect()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| unreachable("reading metrics".to_owned(), &error))?;
            for result in page.metric_data_results.unwrap_or_default() {
                let index = result
                    .id
                    .and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                if let Some(found) = index.and_then(|index| values.get_mut(chunk * AT_ONCE + index))
                {
                    found.extend(result.values.unwrap_or_default());
                }
            }
        }
    }
    Ok(values)
}

fn query(index: usize, asked: &Asked, period: Duration) -> MetricDataQuery {
    let dimensions = asked
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(*name).value(value).build());
    let metric = Metric::builder()
        .namespace(asked.namespace)
        .metric_name(asked.metric)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    MetricDataQuery::builder()
        .id(format!("m{index}"))
        .metric_stat(
            MetricStat::builder()
                .metric(metric)
                .period(period.as_secs() as i32)
                .stat(&asked.statistic)
                .build(),
        )
        .return_data(true)
        .build()
}
