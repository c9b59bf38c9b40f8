//! Clients for the emulator of one stack: its address and its keys, whatever the environment says, so that a stray
//! `AWS_PROFILE` never turns a local command into one against an account.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::Builder;
use local::emulator;

/// What `local up` talks to.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    /// Buckets.
    pub(crate) s3: aws_sdk_s3::Client,
    /// Queues.
    pub(crate) sqs: aws_sdk_sqs::Client,
    /// Jobs.
    pub(crate) batch: aws_sdk_batch::Client,
    /// Parameters.
    pub(crate) ssm: aws_sdk_ssm::Client,
    /// Functions.
    pub(crate) lambda: aws_sdk_lambda::Client,
    /// The HTTP API.
    pub(crate) gateway: aws_sdk_apigatewayv2::Client,
}

/// The emulator on a port.
pub(crate) async fn local_config(port: u16) -> SdkConfig {
    let credentials = aws_sdk_ssm::config::Credentials::new(
        emulator::ACCESS_KEY_ID,
        emulator::SECRET_ACCESS_KEY,
        None,
        None,
        "the local stack",
    );
    // Loopback only: no TLS.
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().build_http())
        .region(Region::new(emulator::REGION))
        .credentials_provider(credentials)
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        // Code is sent whole and `migrate` is waited for.
        .timeout_config(
            TimeoutConfig::builder()
                .operation_timeout(Duration::from_secs(600))
                .build(),
        )
        .load()
        .await
}

impl Clients {
    /// Clients for the emulator on a port.
    pub(crate) async fn local(port: u16) -> Self {
        let config = local_config(port).await;
        Self {
            s3: aws_sdk_s3::Client::from_conf(
                aws_sdk_s3::config::Builder::from(&config)
                    .force_path_style(true)
                    .build(),
            ),
            sqs: aws_sdk_sqs::Client::new(&config),
            batch: aws_sdk_batch::Client::new(&config),
            ssm: aws_sdk_ssm::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            gateway: aws_sdk_apigatewayv2::Client::new(&config),
        }
    }
}
