//! Clients for AWS and for a stand-in of it: one TLS provider, path-style buckets where an
//! endpoint is set, and time limits on everything that is not a file's content.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// How long one try of a small call may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long a small call may take with its retries.
const CALL: Duration = Duration::from_secs(15);

/// Region, credentials and endpoint as the environment has them.
///
/// `AWS_ENDPOINT_URL` points every client at a stand-in.
pub async fn config() -> SdkConfig {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .load()
        .await
}

/// Objects. No limit on the time of a call: it may carry a large file.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let stand_in = config.endpoint_url().is_some();
    aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(config)
            .force_path_style(stand_in)
            // Bytes that wait because the database is slow must not count as a stalled stream;
            // `objects` bounds the wait for the next piece itself.
            .stalled_stream_protection(
                aws_sdk_s3::config::StalledStreamProtectionConfig::disabled(),
            )
            .build(),
    )
}

/// Queues.
pub fn sqs(config: &SdkConfig) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::from_conf(
        aws_sdk_sqs::config::Builder::from(config)
            .timeout_config(small_calls())
            .build(),
    )
}

/// Jobs.
pub fn batch(config: &SdkConfig) -> aws_sdk_batch::Client {
    aws_sdk_batch::Client::from_conf(
        aws_sdk_batch::config::Builder::from(config)
            .timeout_config(small_calls())
            .build(),
    )
}

/// State machines.
pub fn states(config: &SdkConfig) -> aws_sdk_sfn::Client {
    aws_sdk_sfn::Client::from_conf(
        aws_sdk_sfn::config::Builder::from(config)
            .timeout_config(small_calls())
            .build(),
    )
}

/// Parameters.
pub fn ssm(config: &SdkConfig) -> aws_sdk_ssm::Client {
    aws_sdk_ssm::Client::from_conf(
        aws_sdk_ssm::config::Builder::from(config)
            .timeout_config(small_calls())
            .build(),
    )
}

fn small_calls() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build()
}
