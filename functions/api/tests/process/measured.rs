//! What a new version is judged by: the lines that the program writes, one a request.

use platform::metrics::{
    CLIENT_ERRORS, DURATION_MS, ENVIRONMENT, NAMESPACE, REQUESTS, SERVER_ERRORS, SYNTHETIC_API,
    VERSION,
};
use serde_json::{Value, json};
use testkit::lambda::Instance;

use crate::program::program;

const GATEWAY: &str = "a1b2c3";
const JANUARY: &str = "date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

/// The metrics that CloudWatch makes of a line, under the dimensions that a version is judged by.
fn judged_by(line: &Value) -> Vec<&str> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array();
    let directives = directives.into_iter().flatten().filter(|directive| {
        directive["Namespace"] == NAMESPACE
            && directive["Dimensions"]
                .as_array()
                .is_some_and(|sets| sets.contains(&json!([ENVIRONMENT, VERSION])))
    });
    directives
        .flat_map(|directive| directive["Metrics"].as_array().expect("metrics"))
        .map(|metric| metric["Name"].as_str().expect("a name"))
        .collect()
}

/// Sends a request and answers its status and the line that was written about it.
async fn ask(instance: &mut Instance, path: &str, query: &str, api: &str) -> (u64, Value) {
    let answer = instance.invoke(event(path, query, api)).await;
    let status = answer["statusCode"].as_u64().expect("a status");
    (status, instance.line().await)
}

/// What the gateway sends for a GET.
fn event(path: &str, query: &str, api: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "example.com"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": api,
            "stage": "$default",
            "requestId": "id",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1_773_342_238_000_u64,
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
        },
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn each_request_is_counted_for_the_version_that_answered_it() {
    let mut instance = Instance::start(program(&[])).await;
    let (status, line) = ask(&mut instance, "/openapi.json", "", GATEWAY).await;
    assert_eq!(status, 200);
    assert_eq!(
        judged_by(&line),
        [REQUESTS, SERVER_ERRORS, CLIENT_ERRORS],
        "the first one is not timed"
    );
    assert_eq!(line[ENVIRONMENT], "test");
    assert_eq!(line[VERSION], "7");
    assert_eq!(line["release"], "c0ffee");
    assert_eq!(line["route"], "/openapi.json");
    assert!(
        line["timestamp"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z')),
        "{line}"
    );

    for (path, query, expected, failed, refused) in [
        ("/openapi.json", "", 200, 0, 0),
        ("/rates", "date_from=never", 400, 0, 1),
        ("/rates", JANUARY, 503, 1, 0),
    ] {
        let (status, line) = ask(&mut instance, path, query, GATEWAY).await;
        assert_eq!(status, expected, "{line}");
        assert_eq!(
            judged_by(&line),
            [REQUESTS, SERVER_ERRORS, CLIENT_ERRORS, DURATION_MS]
        );
        assert_eq!(
            [REQUESTS, SERVER_ERRORS, CLIENT_ERRORS].map(|name| line[name].as_u64()),
            [Some(1), Some(failed), Some(refused)],
            "{line}"
        );
        assert!(line[DURATION_MS].is_f64(), "{line}");
        assert_eq!(line["level"], if failed == 1 { "ERROR" } else { "INFO" });
        assert_eq!(line["error"].is_string(), failed == 1, "{line}");
    }
}

#[tokio::test]
async fn what_nobody_asked_for_its_own_sake_is_logged_and_not_counted() {
    let mut instance = Instance::start(program(&[])).await;
    for (path, api, expected) in [
        ("/health", GATEWAY, 200),
        ("/wp-login.php", GATEWAY, 404),
        ("/openapi.json", SYNTHETIC_API, 200),
    ] {
        let (status, line) = ask(&mut instance, path, "", api).await;
        assert_eq!(status, expected, "{line}");
        assert!(line["_aws"].is_null(), "{line}");
        assert_eq!(line["message"], "request answered");
    }
    let (_, line) = ask(&mut instance, "/openapi.json", "", GATEWAY).await;
    assert!(judged_by(&line).contains(&REQUESTS), "{line}");
}
