data "aws_caller_identity" "current" {}

locals {
  actions = { start = var.hours.start, stop = var.hours.stop }
}

# A group of its own: the role below believes schedules of this group and no others.
resource "aws_scheduler_schedule_group" "this" {
  name = "${var.name}-janitor"
}

resource "aws_scheduler_schedule" "hours" {
  for_each = local.actions

  #checkov:skip=CKV_AWS_297:What is stored is the word start or stop; the service's own encryption is enough for it
  name        = "${var.name}-${each.key}"
  group_name  = aws_scheduler_schedule_group.this.name
  description = "The databases of ${var.name}: ${each.key}"

  schedule_expression          = each.value
  schedule_expression_timezone = var.hours.timezone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.function.alias_arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ action = each.key })

    # Starting once more what runs, or stopping what stands still, is harmless; hours later it is not: then somebody works.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 20
    }

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters.arn
    }
  }
}
