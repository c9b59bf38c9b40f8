# One page that answers in this order: is anything wrong, do batches come through, how fast, do readers get answers, does
# the database keep up.
locals {
  # The lanes that write metrics.
  lanes = concat(["function"], var.task_lane ? ["task"] : [], var.spark == null ? [] : ["spark"])

  graphs = concat(
    [
      {
        title = "Batches: received, and what became of them"
        stat  = "Sum"
        metrics = [for state, colour in {
          received = "#7f7f7f", committed = "#2ca02c", rejected = "#ff7f0e", failed = "#d62728", duplicate = "#9467bd", checked = "#17becf",
        } : [local.own_namespace, "batches_${state}", "environment", var.environment, { label = state, color = colour }]]
      },
      {
        title = "Rows: loaded and refused"
        stat  = "Sum"
        metrics = [
          [local.own_namespace, "rows", "environment", var.environment, { label = "loaded", color = "#2ca02c" }],
          [local.own_namespace, "rejected_rows", "environment", var.environment, { label = "refused", color = "#ff7f0e" }],
        ]
      },
      {
        title   = "Age of the oldest message (s)"
        stat    = "Maximum"
        metrics = [for queue in local.queues : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.name, { label = queue.says }]]
      },
      {
        title = "Dead letters"
        stat  = "Maximum"
        metrics = concat(
          [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.dead_letter_queue_name, { label = "intake", color = "#d62728" }]],
          [for queue in [var.janitor_dead_letter_queue_name] :
          ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue, { label = "janitor", color = "#ff7f0e" }] if queue != null],
        )
      },
      {
        title = "Time of a load, by lane (s)"
        stat  = "p50"
        metrics = concat([for lane in local.lanes : [
          [local.own_namespace, "load_seconds", "environment", var.environment, "lane", lane, { label = "${lane}, half", stat = "p50" }],
          [local.own_namespace, "load_seconds", "environment", var.environment, "lane", lane, { label = "${lane}, 99 in 100", stat = "p99" }],
        ]]...)
      },
      {
        title = "Rows a second, by lane"
        stat  = "Sum"
        metrics = concat([for lane in local.lanes : [
          [local.own_namespace, "rows", "environment", var.environment, "lane", lane, { id = "rows_${lane}", visible = false }],
          [local.own_namespace, "load_seconds", "environment", var.environment, "lane", lane, { id = "seconds_${lane}", visible = false }],
          [{ expression = "rows_${lane} / seconds_${lane}", label = lane, id = "speed_${lane}" }],
        ]]...)
      },
      {
        title = "API: latency (ms)"
        stat  = "p99"
        metrics = [for stat, label in { p50 = "half", p99 = "99 in 100" } :
        ["AWS/ApiGateway", "Latency", "ApiId", var.api.id, "Stage", var.api.stage, { label = label, stat = stat }]]
      },
      {
        title = "API: requests and server errors"
        stat  = "Sum"
        metrics = [
          ["AWS/ApiGateway", "Count", "ApiId", var.api.id, "Stage", var.api.stage, { label = "requests", color = "#7f7f7f" }],
          ["AWS/ApiGateway", "5xx", "ApiId", var.api.id, "Stage", var.api.stage, { label = "server errors", color = "#d62728", yAxis = "right" }],
        ]
      },
      {
        title = "Functions: errors and throttles"
        stat  = "Sum"
        metrics = concat([for short, function in var.functions : [
          ["AWS/Lambda", "Errors", "FunctionName", function.name, { label = "${short}, errors" }],
          ["AWS/Lambda", "Throttles", "FunctionName", function.name, { label = "${short}, throttles" }],
        ]]...)
      },
      {
        title = "Releases: how they ended"
        stat  = "Sum"
        metrics = [for metric, options in {
          ExecutionsSucceeded = { label = "live", color = "#2ca02c" }, ExecutionsFailed = { label = "taken back", color = "#d62728" },
          ExecutionsAborted   = { label = "stopped", color = "#ff7f0e" }, ExecutionsTimedOut = { label = "too long", color = "#9467bd" },
        } : ["AWS/States", metric, "StateMachineArn", var.release.machine_arn, options]]
      },
    ],
    [for graph in [
      {
        title = "Database: processor (%) and load (sessions)"
        stat  = "Average"
        metrics = [for metric, options in { CPUUtilization = { label = "processor" }, DBLoad = { label = "load", yAxis = "right" } } :
        ["AWS/RDS", metric, "DBInstanceIdentifier", local.database.dimensions.DBInstanceIdentifier, options]]
      },
      {
        title = "Database: open sessions (budget ${local.database.connections_budget})"
        stat  = "Maximum"
        metrics = [
          ["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", local.database.dimensions.DBInstanceIdentifier, { label = "sessions" }],
        ]
      },
      {
        title = "Database: free disk (bytes)"
        stat  = "Minimum"
        metrics = [
          ["AWS/RDS", "FreeStorageSpace", "DBInstanceIdentifier", local.database.dimensions.DBInstanceIdentifier, { label = "free" }],
        ]
      },
    ] : graph if local.has_database],
    [for graph in [
      {
        title = "Replica: behind by (s)"
        stat  = "Maximum"
        metrics = [
          ["AWS/RDS", "ReplicaLag", "DBInstanceIdentifier", local.database.replica.DBInstanceIdentifier, { label = "lag" }],
        ]
      },
    ] : graph if local.has_replica],
  )

  # Three graphs a row, below the alarms.
  widgets = concat(
    [{
      type       = "alarm"
      x          = 0
      y          = 0
      width      = 24
      height     = 3
      properties = { title = "Alarms", alarms = [for alarm in aws_cloudwatch_metric_alarm.watched : alarm.arn] }
    }],
    [for place, graph in local.graphs : {
      type   = "metric"
      x      = place % 3 * 8
      y      = 3 + floor(place / 3) * 6
      width  = 8
      height = 6
      properties = {
        title   = graph.title
        region  = data.aws_region.current.region
        view    = "timeSeries"
        stat    = graph.stat
        period  = 300
        metrics = graph.metrics
        yAxis   = { left = { min = 0 } }
      }
    }],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
