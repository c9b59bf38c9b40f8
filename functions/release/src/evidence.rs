//! What was counted of the new versions and of the old ones.

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::Client;
use canary::{Counts, Indicator, Kind, slow_above_ms};
use platform::metrics as emitted;
use platform::names::ALIAS;

use crate::metrics::{Asked, Window, values};
use crate::{ReleaseError, Target};

const LAMBDA: &str = "AWS/Lambda";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything that is counted of these functions since a step began.
pub(crate) async fn collect(
    client: &Client,
    environment: &str,
    targets: &[Target],
    began: SystemTime,
) -> Result<Vec<Indicator>, ReleaseError> {
    let mut counted: Vec<Counted<'_>> = Vec::new();
    for target in targets {
        counted.push(Counted::invocations(target));
        match target.function.as_str() {
            "api" => {
                counted.push(Counted::requests(target, environment, Kind::Failed));
                counted.push(Counted::requests(target, environment, Kind::Rejected));
            }
            "intake" => {
                counted.push(Counted::batches(target, environment, Kind::Failed));
                counted.push(Counted::batches(target, environment, Kind::Rejected));
            }
            _ => {}
        }
    }
    let now = SystemTime::now();
    // Minutes are what CloudWatch counts in. The new versions have nothing before the step.
    let step = Window {
        from: began,
        until: now + MINUTE,
        period: MINUTE,
    };
    let new = sums(client, step, &counted, |one, target| one.of(&target.to)).await?;
    let old = sums(client, step, &counted, |one, target| one.of(&target.from)).await?;
    let day = Window {
        from: began - DAY,
        until: began,
        period: DAY,
    };
    let before = sums(client, day, &counted, |one, _| one.of_any()).await?;
    let mut indicators = Vec::new();
    for (index, one) in counted.iter().enumerate() {
        indicators.push(Indicator {
            name: one.name.clone(),
            function: one.target.function.clone(),
            kind: one.kind,
            new: new[index],
            old: old[index],
            before: before[index],
        });
    }
    for target in targets.iter().filter(|target| target.function == "api") {
        indicators.extend(slow(client, environment, target, step).await?);
    }
    Ok(indicators)
}

/// How one indicator is counted: sums of metrics, by version.
struct Counted<'a> {
    name: String,
    kind: Kind,
    target: &'a Target,
    namespace: &'static str,
    /// Those whose sum is all requests.
    requests: Vec<&'static str>,
    errors: &'static str,
    /// Dimensions without a version; one more with it.
    dimensions: Vec<(&'static str, String)>,
    version: &'static str,
}

impl<'a> Counted<'a> {
    fn invocations(target: &'a Target) -> Self {
        Counted {
            name: format!("{} invocations", target.function),
            kind: Kind::Failed,
            target,
            namespace: LAMBDA,
            requests: vec!["Invocations"],
            errors: "Errors",
            dimensions: lambda_dimensions(target),
            version: "ExecutedVersion",
        }
    }

    fn requests(target: &'a Target, environment: &str, kind: Kind) -> Self {
        // A version that takes good keys for bad ones has no server error.
        let (name, errors) = match kind {
            Kind::Rejected => ("api requests refused", emitted::CLIENT_ERRORS),
            _ => ("api requests", emitted::SERVER_ERRORS),
        };
        Counted {
            name: name.to_owned(),
            kind,
            target,
            namespace: emitted::NAMESPACE,
            requests: vec![emitted::REQUESTS],
            errors,
            dimensions: vec![(emitted::ENVIRONMENT, environment.to_owned())],
            version: emitted::VERSION,
        }
    }

    fn batches(target: &'a Target, environment: &str, kind: Kind) -> Self {
        let (name, errors) = match kind {
            Kind::Rejected => ("batches rejected", emitted::BATCHES_REJECTED),
            _ => ("batches failed", emitted::BATCHES_FAILED),
        };
        Counted {
            name: name.to_owned(),
            kind,
            target,
            namespace: emitted::NAMESPACE,
            requests: emitted::ATTEMPTS.to_vec(),
            errors,
            dimensions: vec![(emitted::ENVIRONMENT, environment.to_owned())],
            version: emitted::VERSION,
        }
    }

    /// What to ask for of one version: the errors, then what makes up the requests.
    fn of(&self, version: &str) -> Vec<Asked> {
        let mut dimensions = self.dimensions.clone();
        dimensions.push((self.version, version.to_owned()));
        self.asked(&dimensions)
    }

    /// The same of whatever version ran.
    fn of_any(&self) -> Vec<Asked> {
        self.asked(&self.dimensions)
    }

    fn asked(&self, dimensions: &[(&'static str, String)]) -> Vec<Asked> {
        std::iter::once(&self.errors)
            .chain(&self.requests)
            .map(|metric| Asked {
                namespace: self.namespace,
                metric,
                dimensions: dimensions.to_vec(),
                statistic: "Sum".to_owned(),
            })
            .collect()
    }
}

/// Lambda counts by version what comes through an alias that leads to two.
fn lambda_dimensions(target: &Target) -> Vec<(&'static str, String)> {
    vec![
        ("FunctionName", target.name.clone()),
        ("Resource", format!("{}:{ALIAS}", target.name)),
    ]
}

async fn sums<'a>(
    client: &Client,
    window: Window,
    counted: &[Counted<'a>],
    asked: impl Fn(&Counted<'a>, &Target) -> Vec<Asked>,
) -> Result<Vec<Counts>, ReleaseError> {
    let groups: Vec<Vec<Asked>> = counted.iter().map(|one| asked(one, one.target)).collect();
    let flat: Vec<Asked> = groups.iter().flatten().cloned().collect();
    let found = values(client, window, &flat).await?;
    let mut sums = found.iter().map(|values| values.iter().sum::<f64>() as u64);
    Ok(groups
        .iter()
        .map(|group| Counts {
            errors: sums.next().unwrap_or_default(),
            requests: sums.by_ref().take(group.len() - 1).sum(),
        })
        .collect())
}

/// Requests that took much longer than the old version's do. Nothing where the old version had none.
///
/// By the function's own measure, which leaves out the first request of an instance: a version that gets little is cold
/// more often, and Lambda's `Duration` has the connecting in it.
async fn slow(
    client: &Client,
    environment: &str,
    target: &Target,
    step: Window,
) -> Result<Option<Indicator>, ReleaseError> {
    let of = |version: &str, statistic: &str| Asked {
        namespace: emitted::NAMESPACE,
        metric: emitted::DURATION_MS,
        dimensions: vec![
            (emitted::ENVIRONMENT, environment.to_owned()),
            (emitted::VERSION, version.to_owned()),
        ],
        statistic: statistic.to_owned(),
    };
    // A percentile is of one period: as long as the window, in whole minutes.
    let length = step.until.duration_since(step.from).unwrap_or(MINUTE);
    let whole = Window {
        period: MINUTE * length.as_secs().div_ceil(60).max(1) as u32,
        ..step
    };
    let old = [of(&target.from, "p90")];
    let Some(p90) = values(client, whole, &old).await?[0].first().copied() else {
        return Ok(None);
    };
    // The share of values at or below a bound, in per cent.
    let quick = format!("PR(:{:.0})", slow_above_ms(p90));
    let asked =
        [&target.to, &target.from].map(|version| [of(version, "SampleCount"), of(version, &quick)]);
    let found = values(client, whole, &asked.concat()).await?;
    let counts = |at: usize| {
        let requests = found[at].iter().sum::<f64>();
        let quick = found[at + 1].first().copied().unwrap_or(100.0);
        Counts {
            requests: requests as u64,
            errors: (requests * (100.0 - quick) / 100.0).round() as u64,
        }
    };
    Ok(Some(Indicator {
        name: "slow api requests".to_owned(),
        function: target.function.clone(),
        kind: Kind::Slow,
        new: counts(0),
        old: counts(2),
        before: Counts::default(),
    }))
}
