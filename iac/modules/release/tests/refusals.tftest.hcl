# Every value that would only fail in the middle of an apply, or in the middle of a release.

provider "aws" {
  region = "eu-west-1"
}

variables {
  name        = "waybill-dev"
  environment = "dev"
  functions = {
    for short in ["migrate", "release"] : short => {
      name = "waybill-dev-${short}", arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-${short}"
    }
  }
  artifacts = { bucket = "waybill-artifacts" }
  log_days  = 14
}

run "a_name_that_aws_would_refuse_is_refused" {
  command = plan
  variables {
    name        = "Waybill-dev"
    environment = "dev"
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

run "no_judge_is_refused" {
  command = plan
  variables {
    functions = { migrate = { name = "waybill-dev-migrate", arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-migrate" } }
  }
  expect_failures = [var.functions]
}

run "an_alias_in_place_of_a_function_is_refused" {
  command = plan
  variables {
    functions = {
      for short in ["migrate", "release"] : short => {
        name = "waybill-dev-${short}", arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-${short}:live"
      }
    }
  }
  expect_failures = [var.functions]
}

run "code_from_elsewhere_is_refused" {
  command = plan
  variables {
    artifacts = { bucket = "waybill-artifacts", folders = ["*"] }
  }
  expect_failures = [var.artifacts]
}

run "all_of_the_traffic_as_a_step_is_refused" {
  command = plan
  variables {
    steps = [{ weight = 100, wait_s = 60, longest_s = 300, minimum = 20 }]
  }
  expect_failures = [var.steps]
}

run "a_share_in_place_of_percent_is_refused" {
  command = plan
  variables {
    steps = [{ weight = 0.1, wait_s = 60, longest_s = 300, minimum = 20 }]
  }
  expect_failures = [var.steps]
}

run "a_step_back_is_refused" {
  command = plan
  variables {
    steps = [{ weight = 50, wait_s = 60, longest_s = 300, minimum = 20 }, { weight = 10, wait_s = 60, longest_s = 300, minimum = 20 }]
  }
  expect_failures = [var.steps]
}

run "a_wait_longer_than_the_longest_is_refused" {
  command = plan
  variables {
    steps = [{ weight = 10, wait_s = 600, longest_s = 300, minimum = 20 }]
  }
  expect_failures = [var.steps]
}

run "a_step_without_a_wait_is_refused" {
  command = plan
  variables {
    steps = [{ weight = 10, wait_s = 0, longest_s = 300, minimum = 20 }]
  }
  expect_failures = [var.steps]
}

run "a_part_of_a_second_is_refused" {
  command = plan
  variables {
    steps = [{ weight = 10, wait_s = 1.5, longest_s = 300, minimum = 20 }]
  }
  expect_failures = [var.steps]
}

run "steps_that_the_machine_would_not_live_to_see_are_refused" {
  command = plan
  variables {
    steps = [{ weight = 10, wait_s = 60, longest_s = 7200, minimum = 20 }, { weight = 50, wait_s = 60, longest_s = 7201, minimum = 20 }]
  }
  expect_failures = [var.steps]
}

run "steps_that_take_as_long_as_they_may_are_not_refused" {
  command = plan
  variables {
    steps = [{ weight = 10, wait_s = 60, longest_s = 7200, minimum = 20 }, { weight = 50, wait_s = 60, longest_s = 7200, minimum = 20 }]
  }
}

run "a_judgement_of_nothing_is_refused" {
  command = plan
  variables {
    steps = [{ weight = 10, wait_s = 60, longest_s = 300, minimum = 0 }]
  }
  expect_failures = [var.steps]
}

run "no_version_to_go_back_to_is_refused" {
  command = plan
  variables {
    keep_versions = 0
  }
  expect_failures = [var.keep_versions]
}

run "an_address_that_is_none_is_refused" {
  command = plan
  variables {
    emails = ["operations"]
  }
  expect_failures = [var.emails]
}

run "logs_for_as_long_as_cloudwatch_does_not_know_are_refused" {
  command = plan
  variables {
    log_days = 10
  }
  expect_failures = [var.log_days]
}
