# Starts a job for a batch, waits for it, and begins it again where it failed. Its executions are named after the batch and
# numbered, so that a message that comes twice starts one job, and a replay another.

resource "aws_cloudwatch_log_group" "machine" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; lines name states and errors, so a customer key would protect nothing more
  #checkov:skip=CKV_AWS_338:How long is the environment's choice (log_days); Step Functions itself keeps every execution's history for 90 days

  name              = "/aws/vendedlogs/states/${local.machine}"
  retention_in_days = var.log_days
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_284:A job has its own logs and metrics, and one step needs no trace
  #checkov:skip=CKV_AWS_285:Errors are logged, without data; the history of each execution has the rest

  name       = local.machine
  role_arn   = aws_iam_role.machine.arn
  definition = templatefile("${path.module}/definition.asl.json", { settings = jsonencode(local.settings), retries = var.limits.tries - 1, timeout_s = var.limits.timeout_s + 600, whole_s = (var.limits.timeout_s + 1800) * var.limits.tries, partition = local.partition })

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
  }

  # AWS refuses a log that the role may not write.
  depends_on = [aws_iam_role_policy.machine]
}

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
  description        = "Starts the jobs that load very large batches in ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.machine_trust.json

  permissions_boundary = var.permissions_boundary
}

data "aws_iam_policy_document" "machine" {
  #checkov:skip=CKV_AWS_356:The statement with * is one that AWS cannot narrow, with its reason below

  dynamic "statement" {
    for_each = local.emr ? [1] : []

    content {
      # Starting a job starts the application too.
      sid       = "StartEmrJobs"
      actions   = ["emr-serverless:StartApplication", "emr-serverless:StartJobRun"]
      resources = aws_emrserverless_application.this[*].arn
    }
  }

  dynamic "statement" {
    for_each = local.emr ? [1] : []

    content {
      sid       = "FollowEmrJobs"
      actions   = ["emr-serverless:CancelJobRun", "emr-serverless:GetJobRun"]
      resources = [for arn in aws_emrserverless_application.this[*].arn : "${arn}/jobruns/*"]
    }
  }

  dynamic "statement" {
    for_each = local.emr ? [1] : []

    content {
      # EMR makes its workers' interfaces in the name of whoever starts it.
      sid     = "Interfaces"
      actions = ["ec2:CreateNetworkInterface"]
      resources = concat(
        ["arn:${local.partition}:ec2:${local.place}:network-interface/*"],
        [for id in var.network.subnet_ids : "arn:${local.partition}:ec2:${local.place}:subnet/${id}"],
        [for id in var.network.security_group_ids : "arn:${local.partition}:ec2:${local.place}:security-group/${id}"],
      )

      condition {
        test     = "StringEquals"
        variable = "aws:CalledViaLast"
        values   = ["ops.emr-serverless.amazonaws.com"]
      }
    }
  }

  dynamic "statement" {
    for_each = local.emr ? [1] : []

    content {
      # How Step Functions hears of a job's end: a rule of this name that it makes itself.
      sid       = "HearOfEnds"
      actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
      resources = ["arn:${local.partition}:events:${local.place}:rule/StepFunctionsGetEventsForEMRServerlessJobRule"]
    }
  }

  dynamic "statement" {
    for_each = local.emr ? [] : [1]

    content {
      sid       = "GlueJobs"
      actions   = ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
      resources = [local.job_arn]
    }
  }

  dynamic "statement" {
    for_each = local.emr ? [1] : []

    content {
      sid       = "GiveJobsTheirRole"
      actions   = ["iam:PassRole"]
      resources = [aws_iam_role.job.arn]

      condition {
        test     = "StringEquals"
        variable = "iam:PassedToService"
        values   = ["emr-serverless.amazonaws.com"]
      }
    }
  }

  dynamic "statement" {
    for_each = var.topic_arn == null ? [] : [1]

    content {
      sid       = "Tell"
      actions   = ["sns:Publish"]
      resources = [var.topic_arn]
    }
  }

  statement {
    sid = "WriteLog"
    actions = [
      "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
      "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
    ]
    resources = ["*"] # Step Functions logs through deliveries, which have no ARN, and wants all of these.
  }
}

resource "aws_iam_role_policy" "machine" {
  name   = "spark"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}
