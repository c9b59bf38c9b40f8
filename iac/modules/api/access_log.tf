locals {
  # Neither query strings, which may name a partner's goods, nor anything of headers, which hold keys.
  access_line = jsonencode({
    request_id             = "$context.requestId"
    time                   = "$context.requestTime"
    source_ip              = "$context.identity.sourceIp"
    method                 = "$context.httpMethod"
    path                   = "$context.path"
    route                  = "$context.routeKey"
    protocol               = "$context.protocol"
    status                 = "$context.status"
    response_bytes         = "$context.responseLength"
    latency_ms             = "$context.responseLatency"
    integration_status     = "$context.integrationStatus"
    integration_latency_ms = "$context.integrationLatency"
    integration_error      = "$context.integrationErrorMessage"
    gateway_error          = "$context.error.message"
  })
}

resource "aws_cloudwatch_log_group" "access" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; lines hold no keys and no rows, so a customer key would protect nothing more
  #checkov:skip=CKV_AWS_338:How long is the environment's choice (log_days)

  # Under vendedlogs one policy of the account serves all groups. Elsewhere API Gateway adds each group to that policy
  # by name, and some tens of previews later it is full and no API can be made any more.
  name              = "/aws/vendedlogs/${var.name}-http"
  retention_in_days = var.log_days
}
