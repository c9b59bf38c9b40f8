# Three alarms a function. Reserved concurrency, tries and timeouts are the function's own; this only watches.
locals {
  function_alarms = merge([
    for short, function in var.functions : {
      "function-errors-${short}" = merge(local.usual, {
        page = "function-errors"
        says = "The function ${function.name} crashed, ran out of memory or was ended at its timeout."
        metric = {
          namespace  = "AWS/Lambda"
          name       = "Errors"
          statistic  = "Sum"
          dimensions = { FunctionName = function.name }
        }
        threshold = var.thresholds.function_errors
        # It was not invoked.
        missing = "notBreaching"
      })

      "function-throttles-${short}" = merge(local.usual, {
        page = "function-throttles"
        says = "Invocations of the function ${function.name} were turned away: all its instances were busy."
        metric = {
          namespace  = "AWS/Lambda"
          name       = "Throttles"
          statistic  = "Sum"
          dimensions = { FunctionName = function.name }
        }
        threshold = var.thresholds.function_throttles
        # It was not invoked.
        missing = "notBreaching"
      })

      "function-duration-${short}" = merge(local.usual, {
        page = "function-duration"
        says = "The function ${function.name} ran for nearly as long as it may."
        metric = {
          namespace  = "AWS/Lambda"
          name       = "Duration"
          statistic  = "Maximum"
          dimensions = { FunctionName = function.name }
        }
        # Milliseconds.
        threshold = function.timeout_s * 10 * var.thresholds.function_duration_percent
        # It was not invoked.
        missing = "notBreaching"
      })
    }
  ]...)
}
