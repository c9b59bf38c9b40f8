locals {
  alarms = merge(local.intake_alarms, local.function_alarms, local.api_alarms, local.service_alarms, local.database_alarms, local.release_alarms, local.spark_alarms)

  # What an alarm is unless it says otherwise: `metric` is one metric, `math` an expression over several.
  usual = {
    metric     = null
    math       = null
    comparison = "GreaterThanOrEqualToThreshold"
    period_s   = 300
    periods    = 1
    datapoints = 1
  }

  runbooks = trimsuffix(var.runbooks, "/")
}

# One resource for all of them, so that none can be without its actions or its page. What each alarm watches, and what
# silence means to it, is in the locals of the files beside this one.
resource "aws_cloudwatch_metric_alarm" "watched" {
  for_each = local.alarms

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.says} ${local.runbooks}/${each.value.page}.md"

  namespace          = try(each.value.metric.namespace, null)
  metric_name        = try(each.value.metric.name, null)
  dimensions         = try(each.value.metric.dimensions, null)
  statistic          = try(each.value.metric.statistic, null)
  extended_statistic = try(each.value.metric.percentile, null)
  period             = each.value.math == null ? each.value.period_s : null

  # Of few requests one is the slowest hundredth by itself.
  evaluate_low_sample_count_percentiles = can(each.value.metric.percentile) ? "ignore" : null

  dynamic "metric_query" {
    for_each = each.value.math == null ? [] : [each.value.math]

    content {
      id          = "value"
      expression  = metric_query.value.expression
      label       = metric_query.value.label
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = try(each.value.math.metrics, {})

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = each.value.math.namespace
        metric_name = metric_query.value.name
        stat        = metric_query.value.statistic
        dimensions  = each.value.math.dimensions
        period      = each.value.period_s
      }
    }
  }

  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  treat_missing_data  = each.value.missing

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
