# Every value that would only fail in the middle of an apply, or make an alarm that is worth nothing.

provider "aws" {
  region = "eu-west-1"
}

variables {
  name                   = "waybill-dev"
  environment            = "dev"
  runbooks               = "https://example.com/runbooks"
  emails                 = ["operations@example.com"]
  functions              = { api = { name = "waybill-dev-api", timeout_s = 29 } }
  queue_name             = "waybill-dev-intake"
  loads_queue_name       = "waybill-dev-loads"
  dead_letter_queue_name = "waybill-dev-intake-dead"
  api                    = { id = "a1b2c3", stage = "$default" }
  release                = { machine_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-dev-release", rule = "waybill-dev-release-recovery" }
}

run "a_name_that_aws_would_refuse_is_refused" {
  command = plan
  variables {
    name        = "Waybill dev"
    environment = "Waybill dev"
  }
  expect_failures = [var.name]
}

run "a_name_of_another_environment_is_refused" {
  command = plan
  variables {
    environment = "staging"
  }
  expect_failures = [var.environment]
}

run "runbooks_that_cannot_be_opened_are_refused" {
  command = plan
  variables {
    runbooks = "docs/runbooks"
  }
  expect_failures = [var.runbooks]
}

run "an_address_that_is_none_is_refused" {
  command = plan
  variables {
    emails = ["operations"]
  }
  expect_failures = [var.emails]
}

run "a_timeout_that_no_function_has_is_refused" {
  command = plan
  variables {
    functions = { api = { name = "waybill-dev-api", timeout_s = 901 } }
  }
  expect_failures = [var.functions]
}

run "a_queue_that_is_its_own_dead_letter_queue_is_refused" {
  command = plan
  variables {
    dead_letter_queue_name = "waybill-dev-intake"
  }
  expect_failures = [var.dead_letter_queue_name]
}

run "a_release_that_is_no_machine_is_refused" {
  command = plan
  variables {
    release = { machine_arn = "waybill-dev-release", rule = "waybill-dev-release-recovery" }
  }
  expect_failures = [var.release]
}

run "a_budget_of_no_sessions_is_refused" {
  command = plan
  variables {
    database = { identifier = "waybill-dev", connections_budget = 0 }
  }
  expect_failures = [var.database]
}

run "more_than_all_of_a_timeout_is_refused" {
  command = plan
  variables {
    thresholds = { function_duration_percent = 120 }
  }
  expect_failures = [var.thresholds]
}

run "an_alarm_that_never_ends_is_refused" {
  command = plan
  variables {
    thresholds = { failed_batches = 0 }
  }
  expect_failures = [var.thresholds]
}

run "a_lag_that_every_idle_replica_has_is_refused" {
  command = plan
  variables {
    thresholds = { replica_lag_s = 60 }
  }
  expect_failures = [var.thresholds]
}
