provider "aws" {
  region = "eu-west-1"
}

variables {
  name        = "waybill-test"
  monthly_usd = 50
  emails      = ["platform@example.com", "finance@example.com"]
  tags        = { environment = "test" }
}

run "everybody_hears_before_at_and_ahead_of_the_limit" {
  assert {
    condition     = toset([for notification in aws_budgets_budget.this.notification : "${notification.notification_type} ${notification.threshold} ${notification.threshold_type}"]) == toset(["ACTUAL 80 PERCENTAGE", "ACTUAL 100 PERCENTAGE", "FORECASTED 100 PERCENTAGE"])
    error_message = "A notification is missing or has another threshold."
  }

  assert {
    condition     = alltrue([for notification in aws_budgets_budget.this.notification : notification.subscriber_email_addresses == toset(["platform@example.com", "finance@example.com"]) && notification.comparison_operator == "GREATER_THAN"])
    error_message = "Somebody is not told, or when it costs less."
  }
}

run "the_limit_is_dollars_a_month" {
  variables {
    monthly_usd = 12.5
  }

  assert {
    condition     = aws_budgets_budget.this.limit_amount == "12.5" && aws_budgets_budget.this.limit_unit == "USD" && aws_budgets_budget.this.time_unit == "MONTHLY" && aws_budgets_budget.this.budget_type == "COST"
    error_message = "The budget limits something else."
  }
}

run "only_the_environments_costs_count" {
  assert {
    condition     = [for filter in aws_budgets_budget.this.cost_filter : "${filter.name}=${join(",", filter.values)}"] == ["TagKeyValue=user:environment$test"]
    error_message = "Other environments' costs count, or AWS does not know the filter."
  }
}

run "without_tags_the_whole_account_counts" {
  variables {
    tags = {}
  }

  assert {
    condition     = length(aws_budgets_budget.this.cost_filter) == 0
    error_message = "There is a filter that nobody asked for."
  }
}

run "credits_do_not_hide_costs" {
  assert {
    condition     = alltrue([for types in aws_budgets_budget.this.cost_types : !types.include_credit && !types.include_refund])
    error_message = "A stack paid by credits could run away unseen."
  }
}

run "refuses_a_name_that_aws_would_refuse" {
  command = plan
  variables {
    name = "waybill:test"
  }
  expect_failures = [var.name]
}

run "refuses_a_budget_of_nothing" {
  command = plan
  variables {
    monthly_usd = 0
  }
  expect_failures = [var.monthly_usd]
}

run "refuses_to_tell_nobody" {
  command = plan
  variables {
    emails = []
  }
  expect_failures = [var.emails]
}

run "refuses_more_addresses_than_aws_takes" {
  command = plan
  variables {
    emails = ["a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com", "f@example.com", "g@example.com", "h@example.com", "i@example.com", "j@example.com", "k@example.com"]
  }
  expect_failures = [var.emails]
}

run "refuses_what_is_no_address" {
  command = plan
  variables {
    emails = ["platform"]
  }
  expect_failures = [var.emails]
}

run "refuses_two_tags" {
  command = plan
  variables {
    tags = { environment = "test", application = "waybill" }
  }
  expect_failures = [var.tags]
}

run "refuses_a_tag_without_a_value" {
  command = plan
  variables {
    tags = { environment = "" }
  }
  expect_failures = [var.tags]
}

run "refuses_a_key_that_would_break_the_filter" {
  command = plan
  variables {
    tags = { "cost$center" = "test" }
  }
  expect_failures = [var.tags]
}
