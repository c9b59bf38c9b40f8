provider "aws" {
  region = "eu-west-1"
}

variables {
  name     = "waybill-test"
  bucket   = { name = "waybill-test-incoming", arn = "arn:aws:s3:::waybill-test-incoming" }
  function = { name = "waybill-test-intake", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-intake:live", timeout_s = 900 }
  queue    = { visibility_s = 5400, max_receive_count = 20, retention_s = 345600, dead_letter_retention_s = 1209600 }
  loads    = { maximum_concurrency = 4 }
}

run "what_fails_often_enough_is_kept" {
  command = plan

  assert {
    condition = alltrue([for queue in aws_sqs_queue.this : jsondecode(queue.redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-west-1:123456789012:waybill-test-intake-dead"
      maxReceiveCount     = 20
    }])
    error_message = "Messages must become dead letters in the stack's own queue."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue.dead_letters.redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:eu-west-1:123456789012:waybill-test-intake", "arn:aws:sqs:eu-west-1:123456789012:waybill-test-loads"]
    error_message = "Only the two queues may send dead letters here."
  }

  assert {
    condition     = aws_sqs_queue.dead_letters.name == "waybill-test-intake-dead" && { for key, queue in aws_sqs_queue.this : key => queue.name } == { incoming = "waybill-test-intake", loads = "waybill-test-loads" }
    error_message = "The ARNs must be those of the queues that are made."
  }
}

run "each_queue_has_one_writer" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(aws_sqs_queue_policy.this["incoming"].policy).Statement :
      [statement.Principal.Service, statement.Action, statement.Condition.ArnEquals["aws:SourceArn"], statement.Condition.StringEquals["aws:SourceAccount"]]
      if statement.Effect == "Allow"
    ] == [["s3.amazonaws.com", "sqs:SendMessage", "arn:aws:s3:::waybill-test-incoming", "123456789012"]]
    error_message = "Nobody but S3 may write, for this bucket and account only."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_sqs_queue_policy.this["loads"].policy).Statement :
      [statement.Principal.Service, statement.Action, statement.Condition.ArnEquals["aws:SourceArn"], statement.Condition.StringEquals["aws:SourceAccount"]]
      if statement.Effect == "Allow"
    ] == [["events.amazonaws.com", "sqs:SendMessage", "arn:aws:events:eu-west-1:123456789012:rule/waybill-test-next", "123456789012"]]
    error_message = "No service but the rule of this account may ask for loads."
  }

  assert {
    condition     = [for statement in jsondecode(aws_sqs_queue_policy.dead_letters.policy).Statement : statement.Effect] == ["Deny"]
    error_message = "Nobody needs to be let into the dead letters."
  }
}

run "queues_are_closed_and_encrypted" {
  command = plan

  assert {
    condition = alltrue([
      for policy in concat(values(aws_sqs_queue_policy.this)[*].policy, [aws_sqs_queue_policy.dead_letters.policy]) : anytrue([
        for statement in jsondecode(policy).Statement :
        statement.Effect == "Deny" && statement.Action == "sqs:*" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"
      ])
    ])
    error_message = "Every queue must refuse plain HTTP."
  }

  assert {
    condition     = alltrue([for queue in concat(values(aws_sqs_queue.this), [aws_sqs_queue.dead_letters]) : queue.sqs_managed_sse_enabled])
    error_message = "Every queue must be encrypted."
  }
}

run "every_object_reaches_the_alias" {
  command = plan

  assert {
    condition = [
      for queue in aws_s3_bucket_notification.this.queue : [queue.id, queue.queue_arn, tolist(queue.events), coalesce(queue.filter_prefix, "none"), coalesce(queue.filter_suffix, "none")]
    ] == [["intake", "arn:aws:sqs:eu-west-1:123456789012:waybill-test-intake", tolist(["s3:ObjectCreated:*"]), "none", "none"]]
    error_message = "Every new object must be announced, whatever made it and whatever its key."
  }

  assert {
    condition = { for key, mapping in aws_lambda_event_source_mapping.this : key => [mapping.event_source_arn, mapping.function_name] } == {
      incoming = [output.queue.arn, var.function.alias_arn]
      loads    = [output.loads.arn, var.function.alias_arn]
    }
    error_message = "Messages of both queues must go to the alias."
  }

  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.this : mapping.function_response_types == toset(["ReportBatchItemFailures"])])
    error_message = "Without this answer, Lambda deletes the messages that the function gave back."
  }

  assert {
    condition = { for key, mapping in aws_lambda_event_source_mapping.this : key => [mapping.batch_size, one(mapping.scaling_config).maximum_concurrency] } == {
      incoming = [10, 2]
      loads    = [1, 4]
    }
    error_message = "Arrivals come many at once to few, loads one at once to as many as were asked for."
  }
}

run "asks_for_what_waits" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_rule.next.schedule_expression == "rate(5 minutes)" && aws_cloudwatch_event_rule.next.name == "waybill-test-next"
    error_message = "The rule must bear the name that the queue's policy lets in, and ask every five minutes."
  }

  assert {
    condition     = aws_cloudwatch_event_target.next.arn == output.loads.arn && aws_cloudwatch_event_target.next.input == "{\"waybill\":\"sweep\"}"
    error_message = "The function must be asked in the words that it knows."
  }
}

run "asks_every_minute" {
  command = plan

  variables {
    next_minutes = 1
  }

  assert {
    condition     = aws_cloudwatch_event_rule.next.schedule_expression == "rate(1 minute)"
    error_message = "EventBridge refuses rate(1 minutes)."
  }
}

run "refuses_to_ask_never" {
  command = plan

  variables {
    next_minutes = 0
  }

  expect_failures = [var.next_minutes]
}

run "takes_the_least_that_is_safe" {
  command = plan

  variables {
    queue    = { visibility_s = 5405, max_receive_count = 5, retention_s = 345600, dead_letter_retention_s = 345601 }
    incoming = { batch_size = 11, window_s = 5, maximum_concurrency = 2 }
  }

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.this : queue.visibility_timeout_seconds == 5405])
    error_message = "A visibility of exactly 6 times the timeout plus the window must do."
  }
}

run "refuses_a_name_that_leaves_no_room" {
  command = plan

  variables {
    name = "a${join("", [for i in range(61) : "x"])}"
  }

  expect_failures = [var.name]
}

run "refuses_the_function_itself" {
  command = plan

  variables {
    function = { name = "waybill-test-intake", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-intake", timeout_s = 900 }
  }

  expect_failures = [var.function]
}

run "refuses_another_functions_alias" {
  command = plan

  variables {
    function = { name = "waybill-test-intake", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-intake-other:live", timeout_s = 900 }
  }

  expect_failures = [var.function]
}

run "refuses_the_latest_version" {
  command = plan

  variables {
    function = { name = "waybill-test-intake", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-test-intake:$LATEST", timeout_s = 900 }
  }

  expect_failures = [var.function]
}

run "refuses_a_visibility_below_six_timeouts" {
  command = plan

  variables {
    queue = { visibility_s = 5399, max_receive_count = 20, retention_s = 345600, dead_letter_retention_s = 1209600 }
  }

  expect_failures = [var.function]
}

run "refuses_a_visibility_that_forgets_the_window" {
  command = plan

  variables {
    incoming = { window_s = 1 }
  }

  expect_failures = [var.function]
}

run "refuses_a_visibility_over_twelve_hours" {
  command = plan

  variables {
    queue = { visibility_s = 43201, max_receive_count = 20, retention_s = 345600, dead_letter_retention_s = 1209600 }
  }

  expect_failures = [var.queue]
}

run "refuses_few_tries" {
  command = plan

  variables {
    queue = { visibility_s = 5400, max_receive_count = 4, retention_s = 345600, dead_letter_retention_s = 1209600 }
  }

  expect_failures = [var.queue]
}

run "refuses_more_tries_than_sqs_counts" {
  command = plan

  variables {
    queue = { visibility_s = 5400, max_receive_count = 1001, retention_s = 345600, dead_letter_retention_s = 1209600 }
  }

  expect_failures = [var.queue]
}

run "refuses_retention_of_seconds" {
  command = plan

  variables {
    queue = { visibility_s = 5400, max_receive_count = 20, retention_s = 59, dead_letter_retention_s = 1209600 }
  }

  expect_failures = [var.queue]
}

run "refuses_dead_letters_kept_over_14_days" {
  command = plan

  variables {
    queue = { visibility_s = 5400, max_receive_count = 20, retention_s = 345600, dead_letter_retention_s = 1209601 }
  }

  expect_failures = [var.queue]
}

run "refuses_dead_letters_that_vanish" {
  command = plan

  variables {
    queue = { visibility_s = 5400, max_receive_count = 20, retention_s = 345600, dead_letter_retention_s = 345600 }
  }

  expect_failures = [var.queue]
}

run "refuses_a_concurrency_of_one" {
  command = plan

  variables {
    incoming = { maximum_concurrency = 1 }
  }

  expect_failures = [var.incoming]
}

run "refuses_one_load_at_once" {
  command = plan

  variables {
    loads = { maximum_concurrency = 1 }
  }

  expect_failures = [var.loads]
}

run "refuses_an_empty_batch" {
  command = plan

  variables {
    incoming = { batch_size = 0 }
  }

  expect_failures = [var.incoming]
}

run "refuses_a_large_batch_without_a_window" {
  command = plan

  variables {
    incoming = { batch_size = 11 }
  }

  expect_failures = [var.incoming]
}
