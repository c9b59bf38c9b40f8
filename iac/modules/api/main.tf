data "aws_region" "current" {}

resource "aws_apigatewayv2_api" "this" {
  name          = "${var.name}-http"
  description   = "HTTP API of ${var.name}."
  protocol_type = "HTTP"

  # One way in: whoever gives the API a name of their own does not want another beside it.
  disable_execute_api_endpoint = var.domain != null

  dynamic "cors_configuration" {
    for_each = var.cors == null ? [] : [var.cors]

    content {
      allow_origins  = cors_configuration.value.origins
      allow_methods  = ["GET", "POST"]
      allow_headers  = ["authorization", "content-type", "idempotency-key", "if-none-match", "x-api-key"]
      expose_headers = ["apigw-requestid", "content-disposition", "etag", "link", "location", "retry-after"]
      max_age        = cors_configuration.value.max_age_s
    }
  }
}

# One route: what there is to call is the function's to say, in its OpenAPI document.
resource "aws_apigatewayv2_route" "default" {
  #checkov:skip=CKV_AWS_309:The function checks API keys itself, by scope and dataset; health and the OpenAPI document are open on purpose

  api_id    = aws_apigatewayv2_api.this.id
  route_key = "$default"
  target    = "integrations/${try(aws_apigatewayv2_integration.service[0].id, aws_apigatewayv2_integration.function.id)}"
}

resource "aws_apigatewayv2_integration" "function" {
  api_id                 = aws_apigatewayv2_api.this.id
  description            = var.function.name
  integration_type       = "AWS_PROXY"
  integration_method     = "POST" # how Lambda is called, whatever the caller's method
  integration_uri        = var.function.alias_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000 # the most there is; the function ends a second before
}

# Beside the function's, which stays: the way back is the route alone.
resource "aws_apigatewayv2_vpc_link" "service" {
  count = var.service == null ? 0 : 1

  name               = "${var.name}-api"
  subnet_ids         = var.service.subnet_ids
  security_group_ids = var.service.security_group_ids
}

resource "aws_apigatewayv2_integration" "service" {
  count = var.service == null ? 0 : 1

  api_id               = aws_apigatewayv2_api.this.id
  description          = "${var.name}-api, as containers"
  integration_type     = "HTTP_PROXY"
  integration_method   = "ANY"
  integration_uri      = var.service.listener_arn
  connection_type      = "VPC_LINK"
  connection_id        = aws_apigatewayv2_vpc_link.service[0].id
  timeout_milliseconds = 30000

  tls_config {
    server_name_to_verify = var.service.server_name
  }
}

resource "aws_lambda_permission" "http" {
  statement_id  = "http"
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  function_name = var.function.name
  # On the alias: a permission on the function does not hold for it.
  qualifier  = var.function.alias_name
  source_arn = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = local.access_line
  }

  # Never without both limits: API Gateway reads a limit that is left out of the block as 0.
  dynamic "default_route_settings" {
    for_each = var.throttle == null ? [] : [var.throttle]

    content {
      throttling_rate_limit  = default_route_settings.value.rate
      throttling_burst_limit = default_route_settings.value.burst
    }
  }
}
