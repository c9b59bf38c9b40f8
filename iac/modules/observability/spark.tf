# The Spark lane, where there is one. A batch that its job wrote down as failed or rejected is counted with those of the other
# lanes (intake.tf); this tells of executions that gave up, whether or not their jobs could write anything down.
locals {
  spark_alarms = { for key, alarm in {
    spark-failed = merge(local.usual, {
      page = "spark-failed"
      says = "A job of the Spark lane failed as often as it may be begun, took too long, or was stopped."
      math = {
        expression = "FILL(failed, 0) + FILL(stopped, 0) + FILL(late, 0)"
        label      = "jobs that did not settle their batch"
        namespace  = "AWS/States"
        dimensions = { StateMachineArn = try(var.spark.machine_arn, "") }
        metrics = {
          failed  = { name = "ExecutionsFailed", statistic = "Sum" }
          stopped = { name = "ExecutionsAborted", statistic = "Sum" }
          late    = { name = "ExecutionsTimedOut", statistic = "Sum" }
        }
      }
      threshold = 1
      # No job ended.
      missing = "notBreaching"
    })
  } : key => alarm if var.spark != null }
}
