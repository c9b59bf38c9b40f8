# Whoever writes a batch down says that it waits, and whoever has loaded one asks for the next. This asks from time to
# time, so that nothing waits for ever because a message was lost between the two.

resource "aws_cloudwatch_event_rule" "next" {
  name                = local.rule
  description         = "Asks ${var.name} for what waits to be loaded"
  schedule_expression = "rate(${var.next_minutes} ${var.next_minutes == 1 ? "minute" : "minutes"})"
}

resource "aws_cloudwatch_event_target" "next" {
  rule  = aws_cloudwatch_event_rule.next.name
  arn   = local.arns["loads"]
  input = jsonencode({ waybill = "sweep" })

  # The next one is due before a late one would be of use.
  retry_policy {
    maximum_event_age_in_seconds = max(60, 60 * var.next_minutes)
    maximum_retry_attempts       = 5
  }

  depends_on = [aws_sqs_queue.this, aws_sqs_queue_policy.this]
}
