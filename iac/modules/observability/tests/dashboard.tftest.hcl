provider "aws" {
  region = "eu-west-1"
}

variables {
  name        = "waybill-prod"
  environment = "prod"
  runbooks    = "https://example.com/waybill/docs/runbooks"
  emails      = ["operations@example.com"]
  functions = {
    intake = { name = "waybill-prod-intake", timeout_s = 900 }
    api    = { name = "waybill-prod-api", timeout_s = 29 }
  }
  queue_name                     = "waybill-prod-intake"
  loads_queue_name               = "waybill-prod-loads"
  dead_letter_queue_name         = "waybill-prod-intake-dead"
  janitor_dead_letter_queue_name = "waybill-prod-janitor-dead"
  task_lane                      = true
  spark                          = { machine_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-prod-spark" }
  api                            = { id = "a1b2c3", stage = "$default" }
  release                        = { machine_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-prod-release", rule = "waybill-prod-release-recovery" }
  database = {
    identifier         = "waybill-prod"
    replica_identifier = "waybill-prod-replica"
    connections_budget = 150
  }
}

run "every_graph_shows_metrics_that_somebody_writes" {
  # Of AWS: what an alarm watches, with the same dimensions. Our own: what the functions write (crates/platform, telemetry).
  assert {
    condition = length(setsubtract(
      flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [
        for metric in widget.properties.metrics : join(" ", slice(metric, 0, length(metric) - 1)) if length(metric) > 1
      ] if widget.type == "metric"]),
      concat(
        [for alarm in aws_cloudwatch_metric_alarm.watched :
          join(" ", concat([alarm.namespace, alarm.metric_name], flatten([for key in sort(keys(alarm.dimensions)) : [key, alarm.dimensions[key]]])))
        if length(alarm.metric_query) == 0],
        flatten([for alarm in aws_cloudwatch_metric_alarm.watched : [for query in alarm.metric_query : [for metric in query.metric :
          join(" ", concat([metric.namespace, metric.metric_name], flatten([for key in sort(keys(metric.dimensions)) : [key, metric.dimensions[key]]])))
        ]]]),
        # The one way for a release to end that no alarm is about.
        ["AWS/States ExecutionsSucceeded StateMachineArn ${var.release.machine_arn}"],
        flatten([for metric in [
          "batches_received", "batches_committed", "batches_rejected", "batches_failed", "batches_duplicate", "batches_checked",
          "rows", "rejected_rows", "content_bytes", "load_seconds",
        ] : ["Waybill ${metric} environment prod", [for lane in ["function", "task", "spark"] : "Waybill ${metric} environment prod lane ${lane}"]]]),
      ),
    )) == 0
    error_message = "A graph of a metric that nobody writes stays empty and looks like calm."
  }

  assert {
    condition = [for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.title
    if widget.type == "metric" && try(length([for metric in widget.properties.metrics : metric if length(metric) > 1]) == 0, true)] == []
    error_message = "A graph without a metric."
  }
}

run "the_page_shows_what_it_promises" {
  assert {
    condition = length(setsubtract([
      "batches_received", "batches_committed", "batches_rejected", "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible",
      "load_seconds", "rows", "Latency", "5xx", "Count", "DBLoad", "DatabaseConnections", "ReplicaLag", "ExecutionsSucceeded", "ExecutionsFailed",
      ], flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [
        for metric in widget.properties.metrics : metric[1] if length(metric) > 1
    ] if widget.type == "metric"]))) == 0
    error_message = "Something that the dashboard is for is missing."
  }

  assert {
    condition = length(setsubtract(["function", "task", "spark"], flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [
      for metric in widget.properties.metrics : metric[5] if try(metric[4] == "lane" && metric[1] == "load_seconds", false)
    ] if widget.type == "metric"]))) == 0
    error_message = "A lane's loads are not shown."
  }

  assert {
    condition = toset(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.alarms if widget.type == "alarm"])) == toset([
      for alarm in aws_cloudwatch_metric_alarm.watched : alarm.arn
    ])
    error_message = "The dashboard must show the state of each alarm."
  }
}

run "expressions_are_made_of_metrics_in_the_same_graph" {
  assert {
    condition = alltrue(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [
      for metric in widget.properties.metrics : [
        for id in regexall("[a-z][a-z0-9_]*", metric[0].expression) : contains([for other in widget.properties.metrics : try(other[length(other) - 1].id, "")], id)
      ] if length(metric) == 1
    ] if widget.type == "metric"]))
    error_message = "An expression over ids that its graph does not have."
  }

  assert {
    condition = length(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [
      for metric in widget.properties.metrics : metric if length(metric) == 1
    ] if widget.type == "metric"])) > 0
    error_message = "Rows a second are an expression; without one the check above holds nothing."
  }
}

run "no_graph_lies_over_another" {
  assert {
    condition = alltrue([for place, widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : (
      widget.x + widget.width <= 24 && alltrue([for other in slice(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets, 0, place) : (
        other.x + other.width <= widget.x || widget.x + widget.width <= other.x
        || other.y + other.height <= widget.y || widget.y + widget.height <= other.y
      )])
    )])
    error_message = "Graphs overlap, or stand outside the page."
  }
}

run "a_lane_that_is_not_there_has_no_lines" {
  variables {
    task_lane = false
    spark     = null
  }

  assert {
    condition = toset(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : [
      for metric in widget.properties.metrics : metric[5] if try(metric[4] == "lane", false)
    ] if widget.type == "metric"])) == toset(["function"])
    error_message = "A line of a lane that nobody loads in stays empty and looks like calm."
  }
}

run "a_preview_has_no_graphs_of_a_database" {
  variables {
    database                       = null
    janitor_dead_letter_queue_name = null
  }

  assert {
    condition     = !strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "AWS/RDS") && !strcontains(aws_cloudwatch_dashboard.this[0].dashboard_body, "janitor")
    error_message = "Graphs of what the environment does not have."
  }
}

run "a_dashboard_can_be_left_out" {
  variables {
    dashboard = false
  }

  assert {
    condition     = output.dashboard == null && length(output.alarms) > 0
    error_message = "Without a dashboard the alarms stay."
  }
}
