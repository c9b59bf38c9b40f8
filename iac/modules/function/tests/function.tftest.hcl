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

run "role_can_only_write_its_own_log" {
  command = plan

  variables {
    tracing = false
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : [statement.Effect, toset(flatten([statement.Action])), statement.Resource]
      ] == [
      ["Allow", toset(["logs:CreateLogStream", "logs:PutLogEvents"]), "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/waybill-test-intake:*"]
    ]
    error_message = "A function that nobody gave a right must have none but writing to its own log group."
  }

  assert {
    condition     = one(aws_lambda_function.this.logging_config).log_group == aws_cloudwatch_log_group.this.name && aws_cloudwatch_log_group.this.retention_in_days == 14
    error_message = "The function must write to the group that is made for it and that forgets."
  }
}

run "role_has_what_the_caller_lists_and_stars_only_where_aws_has_nothing_narrower" {
  command = plan

  variables {
    network         = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    on_failure_arn  = "arn:aws:sqs:eu-west-1:123456789012:waybill-test-failed"
    unnamed_actions = ["cloudwatch:GetMetricData"]
    statements = [
      {
        sid       = "ReadIncoming"
        actions   = ["s3:GetObject", "s3:GetObjectVersion"]
        resources = ["arn:aws:s3:::waybill-test-incoming/*"]
      },
      {
        sid        = "StopDatabase"
        actions    = ["rds:StopDBInstance"]
        resources  = ["arn:aws:rds:eu-west-1:123456789012:db:waybill-test"]
        conditions = [{ test = "StringEquals", variable = "aws:ResourceTag/environment", values = ["test"] }]
      },
    ]
  }

  assert {
    condition = toset([
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid if contains(flatten([statement.Resource]), "*")
    ]) == toset(["NetworkInterfaces", "NetworkInterfacesNotByCode", "Unnamed", "WriteTraces"])
    error_message = "Only network interfaces, traces and what AWS has no resource for may have * as their resource."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Action if statement.Sid == "Unnamed"
    ] == ["cloudwatch:GetMetricData"]
    error_message = "What is read without a resource is what the caller lists."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement :
      statement.Condition.ArnEquals["lambda:SourceFunctionArn"] if statement.Effect == "Deny"
    ] == ["arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-intake"]
    error_message = "The function's code must not use the rights that Lambda needs for network interfaces."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement :
      statement.Condition.StringEquals["aws:ResourceTag/environment"] if statement.Sid == "StopDatabase"
    ] == ["test"]
    error_message = "A statement must keep its conditions."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource if statement.Sid == "KeepFailedEvents"
    ] == ["arn:aws:sqs:eu-west-1:123456789012:waybill-test-failed"]
    error_message = "The function must be able to write failed events to their queue."
  }

  assert {
    condition     = one(one(aws_lambda_function_event_invoke_config.live.destination_config).on_failure).destination == "arn:aws:sqs:eu-west-1:123456789012:waybill-test-failed"
    error_message = "Failed events must go to their queue."
  }
}

run "callers_and_failed_events_go_by_the_alias" {
  command = plan

  assert {
    condition     = output.alias.name == "live" && output.alias.arn == "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-intake:live"
    error_message = "The alias that callers name must be live, and its ARN known while planning."
  }

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_function_event_invoke_config.live.qualifier == "live"
    error_message = "An alias needs a published version, and asynchronous events come by the alias."
  }
}

run "interfaces_are_freed_when_asked" {
  command = plan

  variables {
    network = {
      subnet_ids                  = ["subnet-1", "subnet-2"]
      security_group_ids          = ["sg-1"]
      freed_to_security_group_ids = ["sg-default"]
    }
  }

  assert {
    condition     = aws_lambda_function.this.replace_security_groups_on_destroy && aws_lambda_function.this.replacement_security_group_ids == toset(["sg-default"])
    error_message = "The function's own group could not be destroyed for up to an hour."
  }
}

run "nothing_is_reserved_or_limited_unless_asked" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == -1
    error_message = "null must take nothing out of the account's concurrency; 0 would stop the function."
  }

  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && aws_lambda_function.this.replace_security_groups_on_destroy == null
    error_message = "A function without a network must not ask for interfaces to be freed."
  }
}

run "can_be_stopped" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 0
    error_message = "0 must stop the function."
  }
}

run "boundary_reaches_the_role" {
  command = plan

  variables {
    permissions_boundary = "arn:aws:iam::123456789012:policy/waybill-boundary"
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/waybill-boundary"
    error_message = "A role without the boundary could not be made by the deploying role."
  }
}
