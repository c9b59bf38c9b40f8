data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # What arrives, and what waits to be loaded: two queues, so that a large load never keeps an arrival from being written
  # down. Both end in the same dead letters.
  queues       = { incoming = "${var.name}-intake", loads = "${var.name}-loads" }
  dead_letters = "${var.name}-intake-dead"
  rule         = "${var.name}-next"

  place = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"

  # Written out rather than read from the queues: each names the other, and a plan shows the policies in full.
  arns = {
    for key, queue in merge(local.queues, { dead_letters = local.dead_letters }) :
    key => "arn:${data.aws_partition.current.partition}:sqs:${local.place}:${queue}"
  }
  rule_arn = "arn:${data.aws_partition.current.partition}:events:${local.place}:rule/${local.rule}"

  mappings = {
    incoming = var.incoming
    # One message an invocation: messages of one invocation run one after the other, and a small file must neither wait
    # behind a large one nor share its deadline.
    loads = merge(var.loads, { batch_size = 1, window_s = 0 })
  }
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = local.dead_letters
  message_retention_seconds = var.queue.dead_letter_retention_s
  sqs_managed_sse_enabled   = true

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [for key in keys(local.queues) : local.arns[key]]
  })
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues

  name                       = each.value
  visibility_timeout_seconds = var.queue.visibility_s
  message_retention_seconds  = var.queue.retention_s
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = local.arns["dead_letters"]
    maxReceiveCount     = var.queue.max_receive_count
  })

  # An ARN that is written out tells Terraform nothing of what must be there first.
  depends_on = [aws_sqs_queue.dead_letters]
}

moved {
  from = aws_sqs_queue.this
  to   = aws_sqs_queue.this["incoming"]
}

resource "aws_s3_bucket_notification" "this" {
  bucket = var.bucket.name

  queue {
    id        = "intake"
    queue_arn = local.arns["incoming"]
    events    = ["s3:ObjectCreated:*"]
  }

  # S3 tries to send before it takes the notification.
  depends_on = [aws_sqs_queue.this, aws_sqs_queue_policy.this]
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = local.mappings

  event_source_arn = local.arns[each.key]
  function_name    = var.function.alias_arn

  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.window_s

  # One bad message must not bring back the good ones that came with it.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    # Without it, Lambda takes more messages than the reserved concurrency can run, and their tries run out.
    maximum_concurrency = each.value.maximum_concurrency
  }

  depends_on = [aws_sqs_queue.this]
}

moved {
  from = aws_lambda_event_source_mapping.this
  to   = aws_lambda_event_source_mapping.this["loads"]
}
