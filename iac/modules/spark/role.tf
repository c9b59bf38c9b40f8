# What a job may do, one statement a purpose.

data "aws_iam_policy_document" "job_trust" {
  statement {
    sid     = "Engine"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [local.emr ? "emr-serverless.amazonaws.com" : "glue.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "job" {
  name               = "${local.machine}-job"
  description        = "Loads very large batches in ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.job_trust.json

  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "job" {
  #checkov:skip=CKV_AWS_356:The statement with * is one that AWS cannot narrow, with its reason below

  statement {
    sid       = "Code"
    actions   = ["s3:GetObject"]
    resources = ["arn:${local.partition}:s3:::${var.artifacts.bucket}/${var.artifacts.folder}/*/spark/*"]
  }

  statement {
    sid       = "ReadBatches"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.incoming}/*"]
  }

  statement {
    # Without it an object that was deleted looks like one that must not be read.
    sid       = "MissingObjects"
    actions   = ["s3:ListBucket"]
    resources = [var.incoming]
  }

  statement {
    # Deleting is for what tasks leave for each other.
    sid       = "WriteLake"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["arn:${local.partition}:s3:::${var.lake.bucket}/${var.lake.prefix}/*"]
  }

  statement {
    sid       = "ListLake"
    actions   = ["s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${var.lake.bucket}"]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["${var.lake.prefix}/*"]
    }
  }

  statement {
    sid       = "Password"
    actions   = ["ssm:GetParameter"]
    resources = [var.database.parameter_arn]
  }

  dynamic "statement" {
    for_each = length(var.key_arns) > 0 ? [1] : []

    content {
      sid       = "Keys"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = var.key_arns
    }
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [for group in aws_cloudwatch_log_group.job : "${group.arn}:*"]
  }

  statement {
    sid       = "FindLog"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"] # A list, which has no narrower resource.
  }

  dynamic "statement" {
    for_each = local.emr ? [] : [1]

    content {
      sid     = "Connection"
      actions = ["glue:GetConnection"]
      resources = [
        "arn:${local.partition}:glue:${local.place}:catalog", "arn:${local.partition}:glue:${local.place}:connection/${local.machine}",
      ]
    }
  }

  dynamic "statement" {
    for_each = local.emr ? [] : [1]

    content {
      # Glue makes the network interfaces of its workers with the job's own role.
      sid = "Interfaces"
      actions = [
        "ec2:CreateNetworkInterface", "ec2:CreateTags", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints",
      ]
      resources = ["*"] # Descriptions have no narrower resource, and an interface has no ARN before it is made.
    }
  }
}

resource "aws_iam_role_policy" "job" {
  name   = "job"
  role   = aws_iam_role.job.id
  policy = data.aws_iam_policy_document.job.json
}
