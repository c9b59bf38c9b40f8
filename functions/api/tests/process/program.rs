//! The program as a child of the test.

use tokio::process::Command;

/// The program with the settings that it needs, all of its own: nothing of this test's environment.
///
/// Its database and everything of AWS are at an address where nothing listens, unless `more` says otherwise.
pub fn program(more: &[(&str, &str)]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_api"));
    program
        .env_clear()
        .envs([
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_MAX_ATTEMPTS", "1"),
            ("WAYBILL_ENVIRONMENT", "test"),
            ("WAYBILL_RELEASE", "c0ffee"),
            ("WAYBILL_PARAMETERS", "/waybill/test"),
            ("WAYBILL_DATABASE_HOST", "127.0.0.1"),
            ("WAYBILL_DATABASE_PORT", "1"),
            ("WAYBILL_DATABASE_NAME", "waybill_test"),
            ("WAYBILL_DATABASE_TLS", "off"),
            ("WAYBILL_INCOMING_BUCKET", "waybill-test-incoming"),
            ("WAYBILL_LOADS_QUEUE_URL", "http://127.0.0.1:1/queue"),
            ("WAYBILL_PUBLIC_RATES", "true"),
        ])
        .envs(more.iter().copied());
    program
}
