# What the machine may do: everything that the states of its definition do, one statement a purpose.

data "aws_iam_policy_document" "machine_trust" {
  statement {
    sid     = "Machine"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.machine_arn]
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = "${local.machine}-machine"
  description        = "Brings releases out in ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.machine_trust.json

  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "machine" {
  #checkov:skip=CKV_AWS_356:The statements with * are those that AWS cannot narrow, each with its reason below

  statement {
    sid = "MoveFunctions"
    actions = [
      "lambda:GetAlias", "lambda:GetFunctionConfiguration", "lambda:UpdateAlias", "lambda:UpdateFunctionCode",
      # Asked for besides UpdateFunctionCode where that publishes.
      "lambda:PublishVersion",
    ]
    # A version and the alias have ARNs of their own.
    resources = flatten([for function in var.functions : [function.arn, "${function.arn}:*"]])
  }

  statement {
    sid       = "CallVersions"
    actions   = ["lambda:InvokeFunction"]
    resources = [for function in var.functions : "${function.arn}:*"]
  }

  statement {
    # Lambda fetches new code with the rights of whoever asks for it.
    sid       = "Code"
    actions   = ["s3:GetObject"]
    resources = [for folder in var.artifacts.folders : "arn:${local.partition}:s3:::${var.artifacts.bucket}/${folder}/*"]
  }

  statement {
    sid       = "Lock"
    actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.releases.arn]
  }

  statement {
    # Whether the one that holds the lock still runs.
    sid       = "OtherExecutions"
    actions   = ["states:DescribeExecution"]
    resources = ["arn:${local.partition}:states:${local.place}:execution:${local.machine}:*"]
  }

  statement {
    sid       = "Tell"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.releases.arn]
  }

  statement {
    sid       = "LookAtAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"] # A list: asked for by prefix, it has no narrower resource.
  }

  statement {
    sid = "WriteLog"
    actions = [
      "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
      "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
    ]
    resources = ["*"] # Step Functions logs through deliveries, which have no ARN, and wants all of these.
  }

  dynamic "statement" {
    for_each = var.tracing ? [1] : []

    content {
      sid       = "WriteTraces"
      actions   = ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      resources = ["*"] # X-Ray has no resources to write to.
    }
  }
}

resource "aws_iam_role_policy" "machine" {
  name   = "release"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}
