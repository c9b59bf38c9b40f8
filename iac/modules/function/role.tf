# The role: what the caller listed, and what Lambda itself needs. Nothing is shared with another function.

locals {
  own_sids = ["WriteLog", "NetworkInterfaces", "NetworkInterfacesNotByCode", "WriteTraces", "KeepFailedEvents", "Unnamed"]

  interface_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "Lambda"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_111:The statements with * are those that AWS cannot narrow, each with its reason below
  #checkov:skip=CKV_AWS_356:The statements with * are those that AWS cannot narrow, each with its reason below

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.log_group_arn}:*"] # its streams
  }

  dynamic "statement" {
    for_each = var.statements

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.unnamed_actions) == 0 ? [] : [var.unnamed_actions]

    content {
      sid       = "Unnamed"
      actions   = statement.value
      resources = ["*"] # lists and figures, asked for by prefix or name
    }
  }

  dynamic "statement" {
    for_each = var.network == null ? [] : [1]

    content {
      sid       = "NetworkInterfaces"
      actions   = local.interface_actions
      resources = ["*"] # Lambda asks for these before any interface exists, and Describe takes no resource
    }
  }

  # Lambda uses the role for the interfaces; the code that runs with the role must not.
  dynamic "statement" {
    for_each = var.network == null ? [] : [1]

    content {
      sid       = "NetworkInterfacesNotByCode"
      effect    = "Deny"
      actions   = local.interface_actions
      resources = ["*"] # a refusal is the safer the wider it is

      condition {
        test     = "ArnEquals"
        variable = "lambda:SourceFunctionArn"
        values   = [local.arn]
      }
    }
  }

  dynamic "statement" {
    for_each = var.tracing ? [1] : []

    content {
      sid       = "WriteTraces"
      actions   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      resources = ["*"] # X-Ray has no resources to write to
    }
  }

  dynamic "statement" {
    for_each = var.on_failure_arn == null ? [] : [var.on_failure_arn]

    content {
      sid       = "KeepFailedEvents"
      actions   = ["sqs:SendMessage"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Function ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "this" {
  name   = "own"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.this.json
}
