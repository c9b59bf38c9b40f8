data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  queue        = "${var.name}-intake"
  dead_letters = "${var.name}-intake-dead"

  # Written out rather than read from the queues: each names the other, and a plan shows the policies in full.
  arns = {
    for queue in [local.queue, local.dead_letters] :
    queue => "arn:${data.aws_partition.current.partition}:sqs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:${queue}"
  }
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters
  message_retention_seconds = var.queue.dead_letter_retention_s
  sqs_managed_sse_enabled   = true

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.arns[local.queue]]
  })
}

resource "aws_sqs_queue" "this" {
  name                       = local.queue
  visibility_timeout_seconds = var.queue.visibility_s
  message_retention_seconds  = var.queue.retention_s
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = local.arns[local.dead_letters]
    maxReceiveCount     = var.queue.max_receive_count
  })

  # An ARN that is written out tells Terraform nothing of what must be there first.
  depends_on = [aws_sqs_queue.dead_letters]
}

resource "aws_s3_bucket_notification" "this" {
  bucket = var.bucket.name

  queue {
    id        = "intake"
    queue_arn = local.arns[local.queue]
    events    = ["s3:ObjectCreated:*"]
  }

  # S3 tries to send before it takes the notification.
  depends_on = [aws_sqs_queue.this, aws_sqs_queue_policy.this]
}

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn = local.arns[local.queue]
  function_name    = var.function.alias_arn

  batch_size                         = var.mapping.batch_size
  maximum_batching_window_in_seconds = var.mapping.window_s

  # One bad message must not bring back the good ones that came with it.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    # Without it, Lambda takes more messages than the reserved concurrency can run, and their tries run out.
    maximum_concurrency = var.mapping.maximum_concurrency
  }

  depends_on = [aws_sqs_queue.this]
}
