# Releases: how they end, and that one which was stopped is put back. A release that judges has to look past these two:
# they tell of other releases, not of what it brings.
locals {
  release_alarms = {
    release-failed = merge(local.usual, {
      page = "release-failed"
      says = "A release was taken back, did not begin, was stopped or took too long."
      math = {
        expression = "FILL(failed, 0) + FILL(stopped, 0) + FILL(late, 0)"
        label      = "releases that did not come live"
        namespace  = "AWS/States"
        dimensions = { StateMachineArn = var.release.machine_arn }
        metrics = {
          failed  = { name = "ExecutionsFailed", statistic = "Sum" }
          stopped = { name = "ExecutionsAborted", statistic = "Sum" }
          late    = { name = "ExecutionsTimedOut", statistic = "Sum" }
        }
      }
      threshold = 1
      # No release ended.
      missing = "notBreaching"
    })

    release-recovery = merge(local.usual, {
      page = "release-recovery"
      says = "A release was stopped, and what puts its aliases back could not be started."
      metric = {
        namespace  = "AWS/Events"
        name       = "FailedInvocations"
        statistic  = "Sum"
        dimensions = { RuleName = var.release.rule }
      }
      threshold = 1
      # Written only when it happens.
      missing = "notBreaching"
    })
  }
}
