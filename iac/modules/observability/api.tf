# What callers of the HTTP API notice, measured at the gateway and so including it.
locals {
  api_dimensions = { ApiId = var.api.id, Stage = var.api.stage }

  api_alarms = {
    api-errors = merge(local.usual, {
      page = "api-errors"
      says = "The API answers an unusual share of requests with a server error."
      math = {
        # A share alone would call one error of a quiet night a hundred percent.
        expression = "IF(errors >= ${var.thresholds.api_errors.at_least}, 100 * errors / requests, 0)"
        label      = "server errors, percent of requests"
        namespace  = "AWS/ApiGateway"
        dimensions = local.api_dimensions
        metrics = {
          errors   = { name = "5xx", statistic = "Sum" }
          requests = { name = "Count", statistic = "Sum" }
        }
      }
      threshold = var.thresholds.api_errors.percent
      # No requests.
      missing = "notBreaching"
    })

    api-latency = merge(local.usual, {
      page = "api-latency"
      says = "One request in a hundred takes too long."
      metric = {
        namespace  = "AWS/ApiGateway"
        name       = "Latency"
        percentile = "p99"
        dimensions = local.api_dimensions
      }
      threshold  = var.thresholds.api_latency_ms
      periods    = 3
      datapoints = 3
      # No requests.
      missing = "notBreaching"
    })
  }
}
