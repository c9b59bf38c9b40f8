# Applied, because the topic's ARN is known only then.

provider "aws" {
  region = "eu-west-1"
}

variables {
  name        = "waybill-prod"
  environment = "prod"
  runbooks    = "https://example.com/waybill/docs/runbooks/"
  emails      = ["operations@example.com"]
  functions = {
    intake = { name = "waybill-prod-intake", timeout_s = 900 }
    api    = { name = "waybill-prod-api", timeout_s = 29 }
  }
  queue_name                     = "waybill-prod-intake"
  loads_queue_name               = "waybill-prod-loads"
  dead_letter_queue_name         = "waybill-prod-intake-dead"
  janitor_dead_letter_queue_name = "waybill-prod-janitor-dead"
  api                            = { id = "a1b2c3", stage = "$default" }
  release                        = { machine_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-prod-release", rule = "waybill-prod-release-recovery" }
  spark                          = { machine_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-prod-spark" }
  service                        = { dimensions = { LoadBalancer = "app/waybill-prod-api/0a1b", TargetGroup = "targetgroup/waybill-prod-api/2c3d" }, least = 2 }
  database = {
    identifier         = "waybill-prod"
    replica_identifier = "waybill-prod-replica"
    connections_budget = 150
  }
}

run "every_alarm_tells_somebody_when_it_begins_and_when_it_ends" {
  assert {
    condition = length(aws_cloudwatch_metric_alarm.watched) > 0 && alltrue([for alarm in aws_cloudwatch_metric_alarm.watched : (
      alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && alarm.ok_actions == toset([aws_sns_topic.alarms.arn])
      && alarm.actions_enabled != false
    )])
    error_message = "An alarm without an action is seen by nobody."
  }

  assert {
    condition     = [for subscription in aws_sns_topic_subscription.emails : [subscription.protocol, subscription.endpoint]] == [["email", "operations@example.com"]]
    error_message = "The topic must tell the addresses."
  }
}

run "every_alarm_has_its_page_and_every_page_its_alarm" {
  assert {
    condition = [for key, alarm in aws_cloudwatch_metric_alarm.watched : key
      if !fileexists("${path.module}/../../../docs/runbooks/${try(regex("https://example.com/waybill/docs/runbooks/([a-z-]+\\.md)$", alarm.alarm_description)[0], "none")}")
    ] == []
    error_message = "The description of each alarm must end in the address of a page that exists in docs/runbooks."
  }

  assert {
    condition = length(setsubtract(fileset("${path.module}/../../../docs/runbooks", "*.md"), concat(["README.md"],
      [for alarm in aws_cloudwatch_metric_alarm.watched : basename(alarm.alarm_description)],
    ))) == 0
    error_message = "A page in docs/runbooks that no alarm leads to."
  }

  assert {
    condition = [for alarm in aws_cloudwatch_metric_alarm.watched : basename(alarm.alarm_description)
    if !strcontains(file("${path.module}/../../../docs/runbooks/README.md"), "(${basename(alarm.alarm_description)})")] == []
    error_message = "The index of docs/runbooks must list each page."
  }

  # An alarm is called as its page, with the function's or the queue's short name behind it where there is one each.
  assert {
    condition = [for key, alarm in aws_cloudwatch_metric_alarm.watched : key
    if !contains([key, join("-", slice(split("-", key), 0, length(split("-", key)) - 1))], trimsuffix(basename(alarm.alarm_description), ".md"))] == []
    error_message = "An alarm that leads to another alarm's page."
  }
}

run "what_can_go_wrong_is_watched" {
  assert {
    condition = length(setsubtract([
      "AWS/SQS ApproximateNumberOfMessagesVisible waybill-prod-intake-dead",
      "AWS/SQS ApproximateNumberOfMessagesVisible waybill-prod-janitor-dead",
      "AWS/SQS ApproximateAgeOfOldestMessage waybill-prod-intake", "AWS/SQS ApproximateAgeOfOldestMessage waybill-prod-loads",
      "Waybill batches_failed prod",
      "AWS/Lambda Errors waybill-prod-intake", "AWS/Lambda Throttles waybill-prod-intake", "AWS/Lambda Duration waybill-prod-intake",
      "AWS/Lambda Errors waybill-prod-api", "AWS/Lambda Throttles waybill-prod-api", "AWS/Lambda Duration waybill-prod-api",
      "AWS/ApiGateway Latency $default a1b2c3",
      "AWS/ApplicationELB HealthyHostCount app/waybill-prod-api/0a1b targetgroup/waybill-prod-api/2c3d",
      "AWS/Events FailedInvocations waybill-prod-release-recovery",
      "AWS/RDS CPUUtilization waybill-prod", "AWS/RDS DBLoad waybill-prod", "AWS/RDS DatabaseConnections waybill-prod",
      "AWS/RDS FreeStorageSpace waybill-prod", "AWS/RDS ReplicaLag waybill-prod-replica",
      ], [for alarm in aws_cloudwatch_metric_alarm.watched :
      "${alarm.namespace} ${alarm.metric_name} ${join(" ", sort(values(alarm.dimensions)))}" if length(alarm.metric_query) == 0
    ])) == 0
    error_message = "Something that an operator must hear of is not watched."
  }

  assert {
    condition = toset(flatten([for alarm in aws_cloudwatch_metric_alarm.watched : [for query in alarm.metric_query : [
      for metric in query.metric : "${metric.namespace} ${metric.metric_name} ${join(" ", sort(values(metric.dimensions)))}"
      ]]])) == toset([
      "AWS/SQS NumberOfMessagesReceived waybill-prod-intake", "AWS/SQS NumberOfMessagesDeleted waybill-prod-intake",
      "AWS/SQS ApproximateNumberOfMessagesNotVisible waybill-prod-intake",
      "AWS/SQS NumberOfMessagesReceived waybill-prod-loads", "AWS/SQS NumberOfMessagesDeleted waybill-prod-loads",
      "AWS/SQS ApproximateNumberOfMessagesNotVisible waybill-prod-loads",
      "Waybill batches_rejected prod", "Waybill batches_committed prod",
      "AWS/ApiGateway 5xx $default a1b2c3", "AWS/ApiGateway Count $default a1b2c3",
      "AWS/States ExecutionsFailed ${var.release.machine_arn}", "AWS/States ExecutionsAborted ${var.release.machine_arn}",
      "AWS/States ExecutionsTimedOut ${var.release.machine_arn}",
      "AWS/States ExecutionsFailed ${var.spark.machine_arn}", "AWS/States ExecutionsAborted ${var.spark.machine_arn}",
      "AWS/States ExecutionsTimedOut ${var.spark.machine_arn}",
    ])
    error_message = "Expressions must be of tries, rejections, server errors and the ways that a release or a job of Spark ends badly."
  }
}

run "an_expression_is_made_of_its_own_metrics" {
  assert {
    condition = [for key, alarm in aws_cloudwatch_metric_alarm.watched : key if length(alarm.metric_query) > 0 && anytrue([
      length([for query in alarm.metric_query : query if query.return_data]) != 1,
      length(setsubtract(
        flatten([for query in alarm.metric_query : regexall("\\b[a-z]+\\b", coalesce(query.expression, " "))]),
        [for query in alarm.metric_query : query.id if length(query.metric) == 1],
      )) != 0,
      length(toset(flatten([for query in alarm.metric_query : [for metric in query.metric : metric.period]]))) != 1,
    ])] == []
    error_message = "An expression must return one value, of metrics that the alarm has, all over one period."
  }
}

run "silence_means_what_it_is" {
  assert {
    condition     = alltrue([for key in ["replica-lag", "service-unhealthy"] : aws_cloudwatch_metric_alarm.watched[key].treat_missing_data == "breaching"])
    error_message = "A replica, or a balancer, that says nothing answers no reads."
  }

  assert {
    condition = [for key in ["dead-letters", "janitor-dead-letters", "database-storage"] : key
    if aws_cloudwatch_metric_alarm.watched[key].treat_missing_data != "ignore"] == []
    error_message = "What falls silent while nothing is mended must not end its alarm."
  }

  assert {
    condition = [for key, alarm in aws_cloudwatch_metric_alarm.watched : key
      if alarm.treat_missing_data != "notBreaching"
    && !contains(["replica-lag", "service-unhealthy", "dead-letters", "janitor-dead-letters", "database-storage"], key)] == []
    error_message = "Everything else is silent when it has nothing to do, or when the database is stopped: no alarm."
  }
}

run "thresholds_are_in_the_metrics_own_units" {
  assert {
    condition     = aws_cloudwatch_metric_alarm.watched["function-duration-api"].threshold == 23200
    error_message = "80 percent of 29 seconds, in milliseconds."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.watched["database-connections"].threshold == 120
    error_message = "80 percent of the budget."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.watched["database-storage"].threshold == 5368709120
      && aws_cloudwatch_metric_alarm.watched["database-storage"].comparison_operator == "LessThanOrEqualToThreshold"
    )
    error_message = "5 GiB in bytes, and below it, not above."
  }

  assert {
    condition = [for key, alarm in aws_cloudwatch_metric_alarm.watched : key
    if alarm.comparison_operator != "GreaterThanOrEqualToThreshold" && !contains(["database-storage", "service-unhealthy"], key)] == []
    error_message = "All others are bad when they are large."
  }

  # One message, waiting or given up, is enough.
  assert {
    condition     = aws_cloudwatch_metric_alarm.watched["dead-letters"].threshold == 1
    error_message = "One dead letter is a batch that nobody loads."
  }
}

run "only_alarms_of_this_environment_may_publish" {
  assert {
    condition = [for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : [statement.Principal.Service, statement.Action] if statement.Effect == "Allow"] == [
      ["cloudwatch.amazonaws.com", "sns:Publish"]
    ]
    error_message = "Only CloudWatch may publish by the topic's policy."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : (
      statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012"
      && statement.Condition.ArnLike["aws:SourceArn"] == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:waybill-prod-*"
    ) if statement.Effect == "Allow"])
    error_message = "Only alarms of this account and this environment."
  }

  assert {
    condition = anytrue([for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement :
    statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false" && statement.Action == "sns:Publish"])
    error_message = "What is not sent over TLS must be refused."
  }

  # alias/aws/sns looks safer and loses every alarm: CloudWatch may not use it.
  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == null || aws_sns_topic.alarms.kms_master_key_id == ""
    error_message = "With a key whose policy does not know CloudWatch no alarm arrives."
  }
}

run "rules_that_are_named_may_publish_as_well" {
  variables {
    announcing_rules = ["arn:aws:events:eu-west-1:123456789012:rule/waybill-prod-load-failed"]
  }

  assert {
    condition = [for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : [statement.Principal.Service, statement.Condition.ArnEquals["aws:SourceArn"]] if statement.Sid == "Events"] == [
      ["events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:rule/waybill-prod-load-failed"]
    ]
    error_message = "The rules by their ARNs, and no others."
  }
}

run "a_database_of_another_environment_is_not_watched_twice" {
  variables {
    name                           = "waybill-pr-12"
    environment                    = "pr-12"
    database                       = null
    janitor_dead_letter_queue_name = null
    service                        = null
    spark                          = null
  }

  assert {
    condition     = !contains(keys(output.alarms), "spark-failed") && !contains(keys(output.alarms), "service-unhealthy")
    error_message = "What is not there is not watched."
  }

  assert {
    condition     = [for key, alarm in aws_cloudwatch_metric_alarm.watched : key if alarm.namespace == "AWS/RDS" || startswith(key, "janitor")] == []
    error_message = "A preview watches neither dev's database nor dev's janitor."
  }

  assert {
    condition     = contains(keys(output.alarms), "dead-letters") && output.alarms["dead-letters"] == "waybill-pr-12-dead-letters"
    error_message = "A preview watches its own queue."
  }
}

run "without_a_replica_there_is_no_lag" {
  variables {
    database = { identifier = "waybill-prod", connections_budget = 60 }
  }

  assert {
    condition     = !contains(keys(output.alarms), "replica-lag") && contains(keys(output.alarms), "database-cpu")
    error_message = "The database is watched, and no replica that is not there."
  }
}
