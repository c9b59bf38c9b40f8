# Who may write to the queues. Functions have their own statements in their roles.

locals {
  # The one service that writes to each, and in whose name.
  writers = {
    incoming = { sid = "ObjectsArrived", service = "s3.amazonaws.com", source = var.bucket.arn }
    loads    = { sid = "Next", service = "events.amazonaws.com", source = local.rule_arn }
  }
}

data "aws_iam_policy_document" "this" {
  for_each = local.arns

  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  dynamic "statement" {
    for_each = [for key, writer in local.writers : writer if key == each.key]

    content {
      sid       = statement.value.sid
      actions   = ["sqs:SendMessage"]
      resources = [each.value]

      principals {
        type        = "Service"
        identifiers = [statement.value.service]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = [statement.value.source]
      }

      # Bucket names are global: after ours is gone, a stranger could have its name.
      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.current.account_id]
      }
    }
  }
}

resource "aws_sqs_queue_policy" "this" {
  for_each = local.queues

  queue_url = aws_sqs_queue.this[each.key].url
  policy    = data.aws_iam_policy_document.this[each.key].json
}

moved {
  from = aws_sqs_queue_policy.this
  to   = aws_sqs_queue_policy.this["incoming"]
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy    = data.aws_iam_policy_document.this["dead_letters"].json
}
