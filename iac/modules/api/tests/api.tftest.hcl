provider "aws" {
  region = "eu-west-1"
}

variables {
  name     = "waybill-test"
  function = { name = "waybill-test-api", alias_name = "live", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-api:live" }
  log_days = 14
}

run "everything_goes_to_the_alias" {
  command = plan

  assert {
    condition     = aws_apigatewayv2_integration.function.integration_uri == "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-api:live"
    error_message = "Requests must go to the alias, or they go past releases."
  }

  assert {
    condition     = aws_lambda_permission.http.function_name == "waybill-test-api" && aws_lambda_permission.http.qualifier == "live"
    error_message = "The permission must be on the alias: one on the function does not hold for it."
  }

  assert {
    condition     = aws_apigatewayv2_route.default.route_key == "$default" && aws_apigatewayv2_stage.default.name == "$default" && aws_apigatewayv2_stage.default.auto_deploy
    error_message = "One route and one stage must take every path, deployed by themselves."
  }

  assert {
    condition     = aws_apigatewayv2_integration.function.payload_format_version == "2.0" && aws_apigatewayv2_integration.function.timeout_milliseconds > 29000
    error_message = "The function reads payloads of 2.0, and must end before the gateway gives up."
  }
}

run "access_lines_say_what_happened_and_hold_no_secrets" {
  command = plan

  assert {
    condition = alltrue([
      for field in ["request_id", "route", "status", "latency_ms", "integration_error"] :
      contains(keys(jsondecode(one(aws_apigatewayv2_stage.default.access_log_settings).format)), field)
    ])
    error_message = "A line must name the request, its route, how it ended, how long it took and what went wrong behind."
  }

  assert {
    condition     = !can(regex("(?i)query|header|authorizer|apiKey|requestOverride", one(aws_apigatewayv2_stage.default.access_log_settings).format))
    error_message = "Query strings, headers and keys must not be logged."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.access.name, "/aws/vendedlogs/") && aws_cloudwatch_log_group.access.retention_in_days == 14
    error_message = "Elsewhere each preview's group uses up the account's one log policy; and lines must be forgotten."
  }
}

run "nothing_is_throttled_or_shared_unless_asked" {
  command = plan

  assert {
    condition     = length(aws_apigatewayv2_stage.default.default_route_settings) == 0
    error_message = "A block without limits would mean limits of 0."
  }

  assert {
    condition     = length(aws_apigatewayv2_api.this.cors_configuration) == 0 && length(aws_apigatewayv2_domain_name.this) == 0 && !aws_apigatewayv2_api.this.disable_execute_api_endpoint
    error_message = "Without pages and without a name of its own, the API answers at AWS's address and no page may call it."
  }
}

run "throttles_both_ways" {
  command = plan

  variables {
    throttle = { rate = 50, burst = 100 }
  }

  assert {
    condition = [
      one(aws_apigatewayv2_stage.default.default_route_settings).throttling_rate_limit,
      one(aws_apigatewayv2_stage.default.default_route_settings).throttling_burst_limit,
    ] == [50, 100]
    error_message = "Both limits must be set: one that is left out is 0."
  }
}

run "pages_can_do_what_partners_can" {
  command = plan

  variables {
    cors = { origins = ["https://partners.example.com"] }
  }

  assert {
    condition     = length(setsubtract(["authorization", "content-type", "idempotency-key", "x-api-key"], one(aws_apigatewayv2_api.this.cors_configuration).allow_headers)) == 0
    error_message = "A page must be able to send its key, a body, and a body again."
  }

  assert {
    condition     = length(setsubtract(["etag", "link", "location", "retry-after"], one(aws_apigatewayv2_api.this.cors_configuration).expose_headers)) == 0
    error_message = "A page must see where its batch is, the next page, and when to come again."
  }

  assert {
    condition     = one(aws_apigatewayv2_api.this.cors_configuration).allow_credentials != true
    error_message = "Cookies are no way in."
  }
}

run "a_name_of_ones_own_is_the_only_way_in" {
  command = plan

  variables {
    domain = { name = "api.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/c0ffee", zone_id = "Z0123456789" }
  }

  assert {
    condition     = aws_apigatewayv2_api.this.disable_execute_api_endpoint && output.url == "https://api.example.com"
    error_message = "AWS's own address must be closed, and the new one be told."
  }

  assert {
    condition     = one(aws_apigatewayv2_domain_name.this[0].domain_name_configuration).security_policy == "TLS_1_2"
    error_message = "TLS older than 1.2 must be refused."
  }

  assert {
    condition     = aws_route53_record.this[0].name == "api.example.com" && length(aws_apigatewayv2_api_mapping.this) == 1
    error_message = "The name must have a record and lead to the API."
  }
}

run "refuses_a_name_of_capitals" {
  command = plan

  variables {
    name = "Waybill"
  }

  expect_failures = [var.name]
}

run "refuses_the_function_itself" {
  command = plan

  variables {
    function = { name = "waybill-test-api", alias_name = "live", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-api" }
  }

  expect_failures = [var.function]
}

run "refuses_another_alias" {
  command = plan

  variables {
    function = { name = "waybill-test-api", alias_name = "live", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-api:next" }
  }

  expect_failures = [var.function]
}

run "refuses_the_latest_version" {
  command = plan

  variables {
    function = { name = "waybill-test-api", alias_name = "$LATEST", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-api:$LATEST" }
  }

  expect_failures = [var.function]
}

run "refuses_a_rate_of_nothing" {
  command = plan

  variables {
    throttle = { rate = 0, burst = 10 }
  }

  expect_failures = [var.throttle]
}

run "refuses_a_burst_of_nothing" {
  command = plan

  variables {
    throttle = { rate = 10, burst = 0 }
  }

  expect_failures = [var.throttle]
}

run "refuses_days_that_cloudwatch_does_not_know" {
  command = plan

  variables {
    log_days = 10
  }

  expect_failures = [var.log_days]
}

run "refuses_pages_from_nowhere" {
  command = plan

  variables {
    cors = { origins = [] }
  }

  expect_failures = [var.cors]
}

run "refuses_an_origin_with_a_slash" {
  command = plan

  variables {
    cors = { origins = ["https://partners.example.com/"] }
  }

  expect_failures = [var.cors]
}

run "refuses_to_be_remembered_for_days" {
  command = plan

  variables {
    cors = { origins = ["*"], max_age_s = 86401 }
  }

  expect_failures = [var.cors]
}

run "refuses_a_domain_with_a_scheme" {
  command = plan

  variables {
    domain = { name = "https://api.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/c0ffee", zone_id = "Z0123456789" }
  }

  expect_failures = [var.domain]
}

run "refuses_a_certificate_of_another_region" {
  command = plan

  variables {
    domain = { name = "api.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/c0ffee", zone_id = "Z0123456789" }
  }

  expect_failures = [var.domain]
}

run "a_service_answers_instead" {
  variables {
    service = {
      listener_arn       = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/waybill-test-api/0a1b/2c3d"
      subnet_ids         = ["subnet-1", "subnet-2"]
      security_group_ids = ["sg-1"]
      server_name        = "api.example.com"
    }
  }

  assert {
    condition     = aws_apigatewayv2_route.default.target == "integrations/${aws_apigatewayv2_integration.service[0].id}"
    error_message = "Requests must go to the service."
  }

  assert {
    condition     = aws_apigatewayv2_integration.service[0].connection_type == "VPC_LINK" && aws_apigatewayv2_integration.service[0].integration_uri == var.service.listener_arn && one(aws_apigatewayv2_integration.service[0].tls_config).server_name_to_verify == "api.example.com"
    error_message = "By the link, to the listener, and only if it is who it says."
  }
}

run "refuses_a_balancer_for_its_listener" {
  command = plan

  variables {
    service = {
      listener_arn       = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/waybill-test-api/0a1b"
      subnet_ids         = ["subnet-1"]
      security_group_ids = ["sg-1"]
      server_name        = "api.example.com"
    }
  }

  expect_failures = [var.service]
}
