//! Logs: JSON lines on stdout inside Lambda and ECS, lines for people elsewhere. None carries a row's values
//! or a secret. What is measured is in `metrics`.

use std::io;

use tracing_subscriber::EnvFilter;

/// The variable that chooses what is logged, in `tracing`'s own words.
pub const FILTER: &str = "WAYBILL_LOG";
/// What is logged unless chosen: ours, and of others what went wrong.
const DEFAULT_FILTER: &str = "info,aws_config=warn,aws_smithy_runtime=warn,aws_runtime=warn,\
     hyper_util=warn,rustls=warn,tokio_postgres=warn,refinery_core=warn,lambda_runtime=warn";

/// Whether this process is a container of ECS, whose output goes to CloudWatch as a function's does.
pub fn in_container() -> bool {
    std::env::var_os("ECS_CONTAINER_METADATA_URI_V4").is_some()
}

/// Starts logging: JSON lines inside Lambda and ECS, lines for people elsewhere. A second call does
/// nothing.
pub fn init() {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let lambda = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let started = if lambda || in_container() {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_env_filter(filter)
            .try_init()
    } else {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .try_init()
    };
    // The only way to fail is to be second.
    drop(started);
}
