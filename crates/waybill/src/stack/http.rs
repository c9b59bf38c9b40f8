//! The HTTP API in front of the `api` function's alias: one default route, one default stage.

use aws_sdk_apigatewayv2::types::{IntegrationType, ProtocolType};
use platform::names::{ALIAS, Function, Names};

use super::clients::Clients;
use crate::failure::{Failure, OrFail as _, Outcome};

const WHAT: &str = "making the HTTP API";

/// The id of the API, made where it is not there or does not lead to `alias_arn`.
pub(crate) async fn ensure(clients: &Clients, names: &Names, alias_arn: &str) -> Outcome<String> {
    let name = names.http_api();
    let found = clients
        .gateway
        .get_apis()
        .send()
        .await
        .or_failed(WHAT)?
        .items
        .unwrap_or_default();
    for api in found
        .into_iter()
        .filter(|api| api.name.as_deref() == Some(&name))
    {
        let Some(id) = api.api_id else { continue };
        if leads_to(clients, &id, alias_arn).await? {
            return Ok(id);
        }
        clients
            .gateway
            .delete_api()
            .api_id(&id)
            .send()
            .await
            .or_failed(WHAT)?;
    }
    create(clients, names, alias_arn).await
}

async fn leads_to(clients: &Clients, api: &str, alias_arn: &str) -> Outcome<bool> {
    let integrations = clients
        .gateway
        .get_integrations()
        .api_id(api)
        .send()
        .await
        .or_failed(WHAT)?;
    let routes = clients
        .gateway
        .get_routes()
        .api_id(api)
        .send()
        .await
        .or_failed(WHAT)?;
    let stages = clients
        .gateway
        .get_stages()
        .api_id(api)
        .send()
        .await
        .or_failed(WHAT)?;
    let integrated = integrations
        .items()
        .iter()
        .any(|integration| integration.integration_uri() == Some(alias_arn));
    let routed = routes
        .items()
        .iter()
        .any(|route| route.route_key() == Some("$default"));
    let staged = stages
        .items()
        .iter()
        .any(|stage| stage.stage_name() == Some("$default"));
    Ok(integrated && routed && staged)
}

async fn create(clients: &Clients, names: &Names, alias_arn: &str) -> Outcome<String> {
    let missing = |part: &str| Failure::failed(format!("{WHAT}: the answer has no {part} id"));
    let api = clients
        .gateway
        .create_api()
        .name(names.http_api())
        .protocol_type(ProtocolType::Http)
        .send()
        .await
        .or_failed(WHAT)?
        .api_id
        .ok_or_else(|| missing("API"))?;
    let integration = clients
        .gateway
        .create_integration()
        .api_id(&api)
        .integration_type(IntegrationType::AwsProxy)
        .integration_uri(alias_arn)
        .payload_format_version("2.0")
        .timeout_in_millis(30_000)
        .send()
        .await
        .or_failed(WHAT)?
        .integration_id
        .ok_or_else(|| missing("integration"))?;
    clients
        .gateway
        .create_route()
        .api_id(&api)
        .route_key("$default")
        .target(format!("integrations/{integration}"))
        .send()
        .await
        .or_failed(WHAT)?;
    clients
        .gateway
        .create_stage()
        .api_id(&api)
        .stage_name("$default")
        .auto_deploy(true)
        .send()
        .await
        .or_failed(WHAT)?;
    permit(clients, names, &api).await?;
    Ok(api)
}

/// Lets the API call the function's alias.
async fn permit(clients: &Clients, names: &Names, api: &str) -> Outcome<()> {
    let region = local::emulator::REGION;
    let permitted = clients
        .lambda
        .add_permission()
        .function_name(names.function(Function::Api))
        .qualifier(ALIAS)
        .statement_id(format!("http-{api}"))
        .action("lambda:InvokeFunction")
        .principal("apigateway.amazonaws.com")
        .source_arn(format!(
            "arn:aws:execute-api:{region}:000000000000:{api}/*/*"
        ))
        .send()
        .await;
    match permitted {
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_conflict_exception()) =>
        {
            Ok(())
        }
        other => other.map(drop).or_failed(WHAT),
    }
}
