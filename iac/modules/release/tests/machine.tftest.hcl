# The machine, its lock and its topic. Applied, because the definition names things whose ARNs are known only then.

provider "aws" {
  region = "eu-west-1"
}

variables {
  name        = "waybill-dev"
  environment = "dev"
  functions = {
    for short in ["api", "intake", "migrate", "release"] : short => {
      name = "waybill-dev-${short}", arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-${short}"
    }
  }
  artifacts     = { bucket = "waybill-artifacts" }
  steps         = [{ weight = 10, wait_s = 60, longest_s = 300, minimum = 20 }, { weight = 50, wait_s = 60, longest_s = 300, minimum = 20 }]
  keep_versions = 7
  emails        = ["operations@example.com"]
  log_days      = 14
}

run "the_definition_knows_its_environment" {
  assert {
    condition = jsondecode(aws_sfn_state_machine.release.definition).States["Read the order"].Assign.settings == {
      environment  = "dev"
      alias        = "live"
      functions    = { api = "waybill-dev-api", intake = "waybill-dev-intake", migrate = "waybill-dev-migrate", release = "waybill-dev-release" }
      locks        = "waybill-dev-releases"
      topic        = aws_sns_topic.releases.arn
      artifacts    = "waybill-artifacts"
      alarm_prefix = "waybill-dev-"
      defaults = {
        steps         = [{ weight = 10, wait_s = 60, longest_s = 300, minimum = 20 }, { weight = 50, wait_s = 60, longest_s = 300, minimum = 20 }]
        keep_versions = 7
      }
    }
    error_message = "The settings must be those of the environment, in the words that the definition reads."
  }

  assert {
    # Terraform would read "%{" and another "${" as its own.
    condition     = length(regexall("[$%]{", file("${path.module}/definition.asl.json"))) == 1
    error_message = "The definition has one place that is filled in."
  }

  assert {
    condition     = aws_sfn_state_machine.release.name == "waybill-dev-release" && aws_sfn_state_machine.release.type == "STANDARD"
    error_message = "A release takes longer than an express execution may, and must survive whatever started it."
  }
}

run "errors_are_logged_without_data" {
  assert {
    condition = (
      aws_sfn_state_machine.release.logging_configuration[0].level == "ERROR"
      && !aws_sfn_state_machine.release.logging_configuration[0].include_execution_data
      && aws_sfn_state_machine.release.logging_configuration[0].log_destination == "${aws_cloudwatch_log_group.machine.arn}:*"
    )
    error_message = "Errors must be logged, and what an execution was given must not."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.machine.name, "/aws/vendedlogs/") && aws_cloudwatch_log_group.machine.retention_in_days == 14
    error_message = "Elsewhere each preview's group uses up the account's one log policy; and lines must be forgotten."
  }

  assert {
    condition     = aws_sfn_state_machine.release.tracing_configuration[0].enabled
    error_message = "Traces are on unless they are switched off."
  }
}

run "the_lock_costs_nothing_and_is_found_by_its_name" {
  assert {
    condition = (
      aws_dynamodb_table.releases.name == "waybill-dev-releases" && aws_dynamodb_table.releases.hash_key == "name"
      && aws_dynamodb_table.releases.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.releases.range_key == null
    )
    error_message = "One item under its name, paid for by the request."
  }

  assert {
    condition     = [for attribute in aws_dynamodb_table.releases.attribute : "${attribute.name} ${attribute.type}"] == ["name S"]
    error_message = "The key is a text, and nothing else is declared."
  }

  assert {
    condition     = aws_dynamodb_table.releases.deletion_protection_enabled != true
    error_message = "It holds nothing that lasts, and must not keep a preview from going."
  }
}

run "the_end_of_a_release_is_told" {
  assert {
    condition     = [for subscription in aws_sns_topic_subscription.emails : [subscription.protocol, subscription.endpoint]] == [["email", "operations@example.com"]]
    error_message = "The topic must tell the addresses."
  }

  assert {
    condition     = aws_sns_topic.releases.kms_master_key_id == "alias/aws/sns"
    error_message = "What is on its way to somebody's mail must be encrypted while it lies there."
  }

  assert {
    condition = [for statement in jsondecode(aws_sns_topic_policy.releases.policy).Statement :
    statement.Effect if statement.Effect == "Allow" || try(statement.Condition.Bool["aws:SecureTransport"], "") != "false"] == []
    error_message = "The topic lets nobody in by itself, and refuses what is not sent over TLS."
  }
}

run "a_machine_that_did_not_end_by_itself_is_started_again" {
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.recovery.event_pattern) == {
      source      = ["aws.states"]
      detail-type = ["Step Functions Execution Status Change"]
      detail = {
        stateMachineArn = [aws_sfn_state_machine.release.arn]
        status          = ["ABORTED", "TIMED_OUT", "FAILED"]
        input           = [{ anything-but = { prefix = "{\"recover\"" } }]
      }
    }
    error_message = "The rule must look at this machine's executions that may have left their aliases behind, recoveries apart, and at nothing else."
  }

  assert {
    # Terraform would read "%{" and another "${" as its own; whoever tries the file elsewhere fills in one thing.
    condition     = length(regexall("[$%]{", file("${path.module}/recovery-pattern.json"))) == 1
    error_message = "The pattern has one place that is filled in."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.recovery.arn == aws_sfn_state_machine.release.arn
      && aws_cloudwatch_event_target.recovery.rule == aws_cloudwatch_event_rule.recovery.name
      && aws_cloudwatch_event_target.recovery.role_arn == aws_iam_role.recovery.arn
    )
    error_message = "It must start the same machine."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.recovery.input_transformer[0].input_paths == tomap({ execution = "$.detail.executionArn" })
      && aws_cloudwatch_event_target.recovery.input_transformer[0].input_template == "{\"recover\":true,\"stopped\":\"<execution>\"}"
    )
    error_message = "It must start it with the order to recover, and say which execution ended."
  }

  assert {
    condition = startswith(
      aws_cloudwatch_event_target.recovery.input_transformer[0].input_template,
      jsondecode(aws_cloudwatch_event_rule.recovery.event_pattern).detail.input[0]["anything-but"].prefix,
    )
    error_message = "A recovery that fails would start the next one, for ever."
  }
}

run "without_steps_everything_moves_at_once" {
  variables {
    steps   = []
    emails  = []
    tracing = false
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.release.definition).States["Read the order"].Assign.settings.defaults.steps == []
    error_message = "No steps must be an empty list, not nothing."
  }

  assert {
    condition     = length(aws_sns_topic_subscription.emails) == 0 && !aws_sfn_state_machine.release.tracing_configuration[0].enabled
    error_message = "Nobody is told where nobody is named, and traces can be switched off."
  }
}
