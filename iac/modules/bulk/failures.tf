# A job that failed was tried as often as it may be: somebody is told. Rejected batches are no failures: the program ends well.

locals {
  told = var.alarms == null ? [] : [var.alarms]
}

resource "aws_cloudwatch_event_rule" "failed" {
  count = length(local.told)

  name        = "${local.base}-failed"
  description = "A task of ${var.name}, a load or an undo, failed"

  event_pattern = jsonencode({
    source      = ["aws.batch"]
    detail-type = ["Batch Job State Change"]
    detail      = { status = ["FAILED"], jobQueue = values(local.queue_arns) }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  count = length(local.told)

  rule = aws_cloudwatch_event_rule.failed[0].name
  arn  = local.told[0].topic_arn

  input_transformer {
    input_paths = { job = "$.detail.jobName", reason = "$.detail.statusReason", queue = "$.detail.jobQueue" }
    # One sentence, as a mail has it; EventBridge wants it quoted.
    input_template = "\"The task <job> of ${var.name} failed (<queue>): <reason>. ${local.told[0].runbook}\""
  }
}
