provider "aws" {
  region = "eu-west-1"
}

variables {
  name = "waybill-dev"
  function = {
    arn       = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-janitor"
    alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-janitor:live"
  }
  hours = { start = "cron(0 7 ? * MON-FRI *)", stop = "cron(0 20 * * ? *)", timezone = "Europe/Dublin" }
}

run "each_schedule_asks_for_its_own_action" {
  assert {
    condition = alltrue([for action in ["start", "stop"] : (
      jsondecode(aws_scheduler_schedule.hours[action].target[0].input) == { action = action }
      && aws_scheduler_schedule.hours[action].schedule_expression == var.hours[action]
    )]) && length(aws_scheduler_schedule.hours) == 2
    error_message = "The start must ask for a start at its hour, the stop for a stop at its own."
  }

  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.hours : schedule.schedule_expression_timezone == "Europe/Dublin"])
    error_message = "Without a time zone the hours would move with the seasons."
  }
}

run "the_alias_is_called_and_nothing_else_may_be" {
  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.hours : schedule.target[0].arn == var.function.alias_arn])
    error_message = "The function must be called by its alias, so that released code runs."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.scheduler.policy).Statement : statement.Action => statement.Resource
      } == {
      "lambda:InvokeFunction" = var.function.alias_arn
      "sqs:SendMessage"       = aws_sqs_queue.dead_letters.arn
    }
    error_message = "The scheduler's role may call the alias and send dead letters, nothing else."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role.scheduler.assume_role_policy).Statement :
      statement.Principal == { Service = "scheduler.amazonaws.com" }
      && statement.Condition.ArnEquals["aws:SourceArn"] == aws_scheduler_schedule_group.this.arn
    && statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012"])
    error_message = "Only schedules of the own group may use the role."
  }
}

run "a_call_that_fails_is_not_forgotten" {
  assert {
    condition = alltrue([for schedule in aws_scheduler_schedule.hours : (
      schedule.target[0].dead_letter_config[0].arn == aws_sqs_queue.dead_letters.arn
      && schedule.target[0].retry_policy[0].maximum_retry_attempts > 0
      && schedule.group_name == aws_scheduler_schedule_group.this.name
    )])
    error_message = "Each schedule must retry and then leave a dead letter."
  }

  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.hours : schedule.target[0].retry_policy[0].maximum_event_age_in_seconds <= 2 * 3600])
    error_message = "A stop that comes hours late stops a database that somebody works with."
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.message_retention_seconds == 1209600
    error_message = "Dead letters are encrypted and kept as long as can be."
  }

  assert {
    condition = anytrue([for statement in jsondecode(aws_sqs_queue_policy.dead_letters.policy).Statement :
    statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"])
    error_message = "The queue must refuse what is not sent over TLS."
  }
}

run "a_function_without_an_alias_is_refused" {
  command = plan
  variables {
    function = {
      arn       = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-janitor"
      alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-janitor"
    }
  }
  expect_failures = [var.function]
}

run "another_functions_alias_is_refused" {
  command = plan
  variables {
    function = {
      arn       = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-janitor"
      alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-migrate:live"
    }
  }
  expect_failures = [var.function]
}

run "a_cron_of_five_fields_is_refused" {
  command = plan
  variables {
    hours = { start = "cron(0 7 * * MON-FRI)", stop = "cron(0 20 * * ? *)", timezone = "UTC" }
  }
  expect_failures = [var.hours]
}

run "a_rate_is_refused" {
  command = plan
  variables {
    hours = { start = "rate(1 day)", stop = "cron(0 20 * * ? *)", timezone = "UTC" }
  }
  expect_failures = [var.hours]
}

run "a_cron_with_both_days_is_refused" {
  command = plan
  variables {
    hours = { start = "cron(0 7 * * MON-FRI *)", stop = "cron(0 20 * * ? *)", timezone = "UTC" }
  }
  expect_failures = [var.hours]
}

run "start_and_stop_at_once_are_refused" {
  command = plan
  variables {
    hours = { start = "cron(0 20 * * ? *)", stop = "cron(0 20 * * ? *)", timezone = "UTC" }
  }
  expect_failures = [var.hours]
}

run "a_time_zone_that_is_none_is_refused" {
  command = plan
  variables {
    hours = { start = "cron(0 7 * * ? *)", stop = "cron(0 20 * * ? *)", timezone = "Dublin time" }
  }
  expect_failures = [var.hours]
}

run "a_name_that_is_too_long_is_refused" {
  command = plan
  variables {
    name = "waybill-an-environment-with-a-name-of-many-words"
  }
  expect_failures = [var.name]
}
