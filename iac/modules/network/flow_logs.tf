# Who spoke to whom, where an environment keeps that.

locals {
  flow_logs = var.flow_log_days == null ? 0 : 1
}

resource "aws_cloudwatch_log_group" "flows" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts with a key of its own; flow logs hold addresses, no content
  #checkov:skip=CKV_AWS_338:how long is the environment's choice
  count = local.flow_logs

  name              = "/aws/vpc/${var.name}"
  retention_in_days = var.flow_log_days
}

data "aws_iam_policy_document" "flow_logs_trust" {
  statement {
    sid     = "FlowLogs"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    # Otherwise anybody's flow log could be sent through this role.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "flow_logs" {
  count = local.flow_logs

  name                 = "${var.name}-flow-logs"
  description          = "Writes the flow logs of ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.flow_logs_trust.json
  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "flow_logs" {
  count = local.flow_logs

  statement {
    sid = "WriteOwnGroup"
    actions = [
      "logs:CreateLogStream",
      "logs:DescribeLogGroups",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
    ]
    resources = ["${aws_cloudwatch_log_group.flows[0].arn}:*"]
  }
}

resource "aws_iam_role_policy" "flow_logs" {
  count = local.flow_logs

  name   = "logs"
  role   = aws_iam_role.flow_logs[0].id
  policy = data.aws_iam_policy_document.flow_logs[0].json
}

resource "aws_flow_log" "this" {
  count = local.flow_logs

  vpc_id               = aws_vpc.this.id
  traffic_type         = "ALL"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flows[0].arn
  iam_role_arn         = aws_iam_role.flow_logs[0].arn

  tags = {
    Name = var.name
  }

  depends_on = [aws_iam_role_policy.flow_logs]
}
