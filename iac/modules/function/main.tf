data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  alias = "live"

  partition = data.aws_partition.current.partition
  place     = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"

  # Written out rather than read from the resources: a plan then shows the policies that name them in full, and the
  # function's role can name the function, which itself needs the role.
  arn           = "arn:${local.partition}:lambda:${local.place}:function:${var.name}"
  alias_arn     = "${local.arn}:${local.alias}"
  log_group     = "/aws/lambda/${var.name}"
  log_group_arn = "arn:${local.partition}:logs:${local.place}:log-group:${local.log_group}"

  freed_to = try(var.network.freed_to_security_group_ids, null)
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; lines hold no rows, so a customer key would protect nothing more
  #checkov:skip=CKV_AWS_338:How long is the environment's choice (log_days); what was loaded is in the ledger, not in the log

  name              = local.log_group
  retention_in_days = var.log_days
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116:Queues and schedules have dead letters of their own; asynchronous events go to on_failure_arn by the alias
  #checkov:skip=CKV_AWS_117:Whether in a VPC is the caller's choice (network); a function without a database belongs outside
  #checkov:skip=CKV_AWS_173:Variables hold no secrets and are encrypted with Lambda's own key
  #checkov:skip=CKV_AWS_272:Releases prove what they are by digest and attestation; signing by AWS would need a signing profile in each account
  #checkov:skip=CKV_AWS_50:Tracing is on unless an environment without X-Ray switches it off (tracing)

  function_name = var.name
  description   = var.description
  role          = aws_iam_role.this.arn

  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]
  s3_bucket     = var.code.bucket
  s3_key        = var.code.key
  publish       = true

  memory_size                    = var.memory_mb
  timeout                        = var.timeout_s
  reserved_concurrent_executions = var.reserved_concurrency == null ? -1 : var.reserved_concurrency # -1: none reserved

  replace_security_groups_on_destroy = local.freed_to == null ? null : true
  replacement_security_group_ids     = local.freed_to

  ephemeral_storage {
    size = var.scratch_mb
  }

  dynamic "environment" {
    for_each = length(var.variables) > 0 ? [1] : []

    content {
      variables = var.variables
    }
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  logging_config {
    # Functions write JSON lines themselves, and they stay as written.
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  tracing_config {
    mode = var.tracing ? "Active" : "PassThrough"
  }

  lifecycle {
    # Code is the release's from the first release on.
    ignore_changes = [s3_bucket, s3_key, s3_object_version, source_code_hash]
  }

  # Mappings and network interfaces are refused while the role cannot do its work; and when all is destroyed,
  # Lambda needs the role to give the interfaces back.
  depends_on = [aws_iam_role_policy.this]
}

# What everything else calls. Which version it leads to, and how much goes to another, is the release's alone.
resource "aws_lambda_alias" "live" {
  name             = local.alias
  description      = "What callers call. Moved by releases."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_lambda_function_event_invoke_config" "live" {
  function_name          = aws_lambda_function.this.function_name
  qualifier              = aws_lambda_alias.live.name
  maximum_retry_attempts = 2

  dynamic "destination_config" {
    for_each = var.on_failure_arn == null ? [] : [var.on_failure_arn]

    content {
      on_failure {
        destination = destination_config.value
      }
    }
  }
}
