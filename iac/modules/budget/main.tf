# Says by e-mail when an environment costs more than it should. It stops nothing.

locals {
  notifications = {
    nearly   = { type = "ACTUAL", percent = 80 }
    reached  = { type = "ACTUAL", percent = 100 }
    expected = { type = "FORECASTED", percent = 100 }
  }
}

resource "aws_budgets_budget" "this" {
  name         = "${var.name}-monthly"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.monthly_usd)
  limit_unit   = "USD"

  # Credits and refunds would hide what runs until they are used up.
  cost_types {
    include_credit = false
    include_refund = false
  }

  dynamic "cost_filter" {
    for_each = var.tags

    content {
      name   = "TagKeyValue"
      values = [format("user:%s$%s", cost_filter.key, cost_filter.value)]
    }
  }

  dynamic "notification" {
    for_each = local.notifications

    content {
      notification_type          = notification.value.type
      threshold                  = notification.value.percent
      threshold_type             = "PERCENTAGE"
      comparison_operator        = "GREATER_THAN"
      subscriber_email_addresses = var.emails
    }
  }
}
