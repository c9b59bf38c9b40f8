provider "aws" {
  region = "eu-west-1"
}

variables {
  name        = "waybill-test-intake"
  description = "Queue messages become loaded batches."
  memory_mb   = 1769
  timeout_s   = 900
  log_days    = 14
  code        = { bucket = "waybill-artifacts", key = "functions/first.zip" }
}

run "refuses_a_name_of_capitals" {
  command = plan

  variables {
    name = "Waybill"
  }

  expect_failures = [var.name]
}

run "refuses_a_long_description" {
  command = plan

  variables {
    description = join("", [for i in range(257) : "x"])
  }

  expect_failures = [var.description]
}

run "refuses_an_unknown_architecture" {
  command = plan

  variables {
    architecture = "arm"
  }

  expect_failures = [var.architecture]
}

run "refuses_too_little_memory" {
  command = plan

  variables {
    memory_mb = 64
  }

  expect_failures = [var.memory_mb]
}

run "refuses_a_timeout_over_a_quarter_of_an_hour" {
  command = plan

  variables {
    timeout_s = 901
  }

  expect_failures = [var.timeout_s]
}

run "refuses_a_negative_reserve" {
  command = plan

  variables {
    reserved_concurrency = -1
  }

  expect_failures = [var.reserved_concurrency]
}

run "refuses_a_variable_with_a_hyphen" {
  command = plan

  variables {
    variables = { "WAYBILL-RELEASE" = "1" }
  }

  expect_failures = [var.variables]
}

run "refuses_a_variable_of_lambda" {
  command = plan

  variables {
    variables = { AWS_REGION = "eu-west-1" }
  }

  expect_failures = [var.variables]
}

run "refuses_more_variables_than_lambda_takes" {
  command = plan

  variables {
    variables = { LONG = join("", [for i in range(4097 / 8) : "12345678"]) }
  }

  expect_failures = [var.variables]
}

run "refuses_every_resource" {
  command = plan

  variables {
    statements = [{ sid = "All", actions = ["s3:GetObject"], resources = ["*"] }]
  }

  expect_failures = [var.statements]
}

run "refuses_to_leave_out_a_resource_that_could_be_named" {
  command = plan

  variables {
    unnamed_actions = ["cloudwatch:GetMetricData", "s3:GetObject"]
  }

  expect_failures = [var.unnamed_actions]
}

run "refuses_every_resource_of_a_service" {
  command = plan

  variables {
    statements = [{ sid = "All", actions = ["s3:GetObject"], resources = ["arn:aws:s3:::*"] }]
  }

  expect_failures = [var.statements]
}

run "refuses_every_action_of_a_service" {
  command = plan

  variables {
    statements = [{ sid = "All", actions = ["s3:*"], resources = ["arn:aws:s3:::waybill-test-incoming/*"] }]
  }

  expect_failures = [var.statements]
}

run "refuses_a_statement_without_resources" {
  command = plan

  variables {
    statements = [{ sid = "None", actions = ["s3:GetObject"], resources = [] }]
  }

  expect_failures = [var.statements]
}

run "refuses_a_sid_of_its_own" {
  command = plan

  variables {
    statements = [{ sid = "WriteLog", actions = ["sqs:SendMessage"], resources = ["arn:aws:sqs:eu-west-1:123456789012:waybill-test-intake"] }]
  }

  expect_failures = [var.statements]
}

run "refuses_a_sid_twice" {
  command = plan

  variables {
    statements = [for i in range(2) : { sid = "Send", actions = ["sqs:SendMessage"], resources = ["arn:aws:sqs:eu-west-1:123456789012:waybill-test-intake"] }]
  }

  expect_failures = [var.statements]
}

run "refuses_a_network_without_subnets" {
  command = plan

  variables {
    network = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.network]
}

run "refuses_to_free_interfaces_to_nowhere" {
  command = plan

  variables {
    network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"], freed_to_security_group_ids = [] }
  }

  expect_failures = [var.network]
}

run "refuses_days_that_cloudwatch_does_not_know" {
  command = plan

  variables {
    log_days = 10
  }

  expect_failures = [var.log_days]
}

run "refuses_a_topic_for_failed_events" {
  command = plan

  variables {
    on_failure_arn = "arn:aws:sns:eu-west-1:123456789012:waybill-test"
  }

  expect_failures = [var.on_failure_arn]
}
