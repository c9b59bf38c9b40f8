# The most that any role may do which an environment makes for itself, whatever its own policy says. One for each
# environment: under a common one, whoever deploys dev could make a role that reads prod. It has no action of IAM or
# STS, so that no function makes roles or becomes another; but for the one role that a state machine gives to EMR.

data "aws_iam_policy_document" "boundary" {
  #checkov:skip=CKV_AWS_356:Statement Unnamed lists only what AWS has no narrower resource for; the tests hold its actions by name

  for_each = local.writers

  statement {
    # And three things that are no environment's own: what starts a container fetches its image; Step Functions makes one rule for
    # an account, in the name of whoever waits for jobs; dev's server holds the previews' databases, and the function that makes
    # them sets the passwords that the previews keep.
    sid = "Own"
    actions = [
      "batch:SubmitJob",
      "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
      "events:DescribeRule", "events:Put*",
      "lambda:GetAlias", "lambda:GetFunction*", "lambda:InvokeFunction", "lambda:ListAliases", "lambda:ListVersions*",
      "lambda:PublishVersion", "lambda:UpdateAlias", "lambda:UpdateFunctionCode",
      "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents",
      "rds:StartDBInstance", "rds:StopDBInstance",
      "s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:GetObject*", "s3:GetReplication*", "s3:ListBucket*",
      "s3:ListMultipartUploadParts", "s3:PutObject*", "s3:ReplicateObject", "s3:ReplicateTags",
      "sns:Publish",
      "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueue*", "sqs:ReceiveMessage", "sqs:SendMessage",
      "ssm:GetParameter*",
      "states:DescribeExecution", "states:StartExecution",
    ]
    resources = concat(
      local.arns[each.key].buckets, local.arns[each.key].job_definitions, local.arns[each.key].job_queues, local.arns[each.key].executions, local.arns[each.key].functions, local.arns[each.key].instances,
      local.arns[each.key].log_groups, local.arns[each.key].machines, local.arns[each.key].parameters, local.arns[each.key].queues,
      local.arns[each.key].tables, local.arns[each.key].topics,
      contains(local.deploys, each.key) ? concat(local.registry_arns, [local.ends_of_jobs]) : [],
      each.key == "dev" ? local.arns.preview.parameters : [],
    )
  }

  statement {
    # A release clears old versions away. With the version's number in the ARN: never a whole function, nor $LATEST.
    sid       = "OldVersions"
    actions   = ["lambda:DeleteFunction"]
    resources = flatten([for digit in range(1, 10) : formatlist("%s:${digit}*", local.arns[each.key].functions)])
  }

  dynamic "statement" {
    # The state machine of the Spark lane. Applications are born with the tag, which keeps it out of others'; jobs have none.
    for_each = contains(local.deploys, each.key) ? [1] : []

    content {
      sid       = "Jobs"
      actions   = ["emr-serverless:*JobRun", "emr-serverless:StartApplication"]
      resources = local.arns[each.key].applications

      condition {
        test     = "StringEqualsIfExists"
        variable = "aws:ResourceTag/environment"
        values   = [each.key]
      }
    }
  }

  dynamic "statement" {
    for_each = contains(local.deploys, each.key) ? [1] : []

    content {
      sid       = "JobsRole"
      actions   = ["iam:PassRole"]
      resources = local.arns[each.key].spark_jobs

      condition {
        test     = "StringEquals"
        variable = "iam:PassedToService"
        values   = ["emr-serverless.amazonaws.com"]
      }
    }
  }

  statement {
    # A release puts its code into functions.
    sid       = "Artifacts"
    actions   = ["s3:GetObject*"]
    resources = ["${local.s3}${local.buckets.artifacts}/*"]
  }

  statement {
    # Database logins are named after the environment; the server's resource id is AWS' own.
    sid       = "DatabaseTokens"
    actions   = ["rds-db:connect"]
    resources = [for e in local.reach[each.key] : "arn:${local.partition}:rds-db:${local.here}:dbuser:*/${replace("${var.prefix}_${e}", "-", "_")}_*"]
  }

  statement {
    # SecureStrings, and topics that are encrypted, whose publisher has the message sealed: the keys are AWS' own and have no
    # names to write down.
    sid       = "Keys"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["arn:${local.partition}:kms:${local.here}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sns.${var.region}.amazonaws.com", "ssm.${var.region}.amazonaws.com"]
    }
  }

  statement {
    # Lambda puts functions into the network with the function's own role. The tag keeps them out of others' networks.
    sid       = "JoinNetwork"
    actions   = ["ec2:CreateNetworkInterface"]
    resources = [for kind in ["security-group", "subnet"] : "arn:${local.partition}:ec2:${local.here}:${kind}/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/environment"
      values   = [local.hosts[each.key]]
    }
  }

  statement {
    # Interfaces have made-up ids and no tags.
    sid       = "Interfaces"
    actions   = ["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
    resources = ["arn:${local.partition}:ec2:${local.here}:network-interface/*"]
  }

  statement {
    # Lambda refuses a function's role unless this covers things of every kind and id.
    sid       = "LeaveNetwork"
    actions   = ["ec2:DeleteNetworkInterface"]
    resources = ["arn:${local.partition}:ec2:${local.here}:*/*"]
  }

  statement {
    # The rights above are for Lambda, before any code runs. Code that asks EC2 for anything is not ours.
    sid       = "NotFromCode"
    effect    = "Deny"
    actions   = ["ec2:*"]
    resources = ["*"] # A refusal is wide on purpose.

    condition {
      test     = "ArnLike"
      variable = "lambda:SourceFunctionArn"
      values   = ["arn:${local.partition}:lambda:*:*:function:*"]
    }
  }

  statement {
    # AWS takes nothing but * for these: traces, lists, and the deliveries through which state machines log.
    sid = "Unnamed"
    actions = [
      "batch:DescribeJobs", "batch:ListJobs", "ecr:GetAuthorizationToken",
      "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics",
      "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
      "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
      "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
      "rds:DescribeDBInstances",
      "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "NeverStates"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = flatten([for bucket in [local.buckets.prod_state, local.buckets.state] : ["${local.s3}${bucket}", "${local.s3}${bucket}/*"]])
  }
}

resource "aws_iam_policy" "boundary" {
  for_each = local.writers

  name        = "${var.prefix}-boundary-${each.key}"
  description = "The most that a role of ${join(", ", local.reach[each.key])} may do."
  policy      = data.aws_iam_policy_document.boundary[each.key].minified_json
}
