# An execution that was stopped, ran out of time, or failed where no state catches it (States.Runtime, a history that is
# full) cannot put its aliases back itself. Another one does it then. One that failed by its own states has done so already,
# and gave its lock back: where there is no lock, there is nothing to recover.
#
# A recovery that fails does not start the next one, or they would go on for ever: the pattern looks past what its target
# starts, which it knows by how the input begins. The lock stays, an alarm tells of the failure, and the hourly sweep,
# the next release or `waybill release recover` puts back what is written in it.

resource "aws_cloudwatch_event_rule" "recovery" {
  name        = "${local.machine}-recovery"
  description = "A release of ${var.name} did not end by itself: its aliases are put back"

  event_pattern = templatefile("${path.module}/recovery-pattern.json", { machine = local.machine_arn })
}

resource "aws_cloudwatch_event_target" "recovery" {
  rule     = aws_cloudwatch_event_rule.recovery.name
  arn      = aws_sfn_state_machine.release.arn
  role_arn = aws_iam_role.recovery.arn

  # Tried for a day, as EventBridge does unless told otherwise; an alarm on the rule tells of one that never came.
  input_transformer {
    # Step Functions may go on calling it a running one for a moment: the recovery is told which to wait for.
    input_paths = { execution = "$.detail.executionArn" }
    # Not jsonencode, which would write < and > as escapes that EventBridge does not know; and the pattern's prefix first.
    input_template = "{\"recover\":true,\"stopped\":\"<execution>\"}"
  }

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
  description        = "Starts the release machine of ${var.name} after an execution that did not end by itself"
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
