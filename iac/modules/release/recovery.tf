# An execution that was stopped, or ran out of time, cannot put its aliases back itself. Another one does it then.

resource "aws_cloudwatch_event_rule" "recovery" {
  name        = "${local.machine}-recovery"
  description = "A release of ${var.name} was stopped: its aliases are put back"

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [local.machine_arn]
      # One that failed has put its aliases back on its way out.
      status = ["ABORTED", "TIMED_OUT"]
    }
  })
}

resource "aws_cloudwatch_event_target" "recovery" {
  rule     = aws_cloudwatch_event_rule.recovery.name
  arn      = aws_sfn_state_machine.release.arn
  role_arn = aws_iam_role.recovery.arn
  # Tried for a day, as EventBridge does unless told otherwise; an alarm on the rule tells of one that never came.
  input = jsonencode({ recover = true })

  depends_on = [aws_iam_role_policy.recovery]
}

data "aws_iam_policy_document" "recovery_trust" {
  statement {
    sid     = "Rule"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.rule_arn]
    }
  }
}

resource "aws_iam_role" "recovery" {
  name               = "${local.machine}-recovery"
  description        = "Starts the release machine of ${var.name} after an execution that was stopped"
  assume_role_policy = data.aws_iam_policy_document.recovery_trust.json

  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "recovery" {
  statement {
    sid       = "Start"
    actions   = ["states:StartExecution"]
    resources = [local.machine_arn]
  }
}

resource "aws_iam_role_policy" "recovery" {
  name   = "recovery"
  role   = aws_iam_role.recovery.id
  policy = data.aws_iam_policy_document.recovery.json
}
