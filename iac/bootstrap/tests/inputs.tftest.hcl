# Wrong values are refused before anything is made.

provider "aws" {
  region = "eu-west-1"
}

variables {
  region     = "eu-west-1"
  repository = "acme/waybill"
}

run "prefix_with_capitals" {
  command = plan
  variables {
    prefix = "Waybill"
  }
  expect_failures = [var.prefix]
}

run "prefix_that_ends_in_an_environment" {
  command = plan
  variables {
    prefix = "waybill-dev"
  }
  expect_failures = [var.prefix]
}

run "prefix_too_long_for_buckets" {
  command = plan
  variables {
    prefix = "a-prefix-of-twenty-one"
  }
  expect_failures = [var.prefix]
}

run "region_that_is_a_zone" {
  command = plan
  variables {
    region = "eu-west-1a"
  }
  expect_failures = [var.region]
}

run "repository_as_address" {
  command = plan
  variables {
    repository = "https://github.com/acme/waybill"
  }
  expect_failures = [var.repository]
}

run "repository_with_wildcard" {
  command = plan
  variables {
    repository = "acme/*"
  }
  expect_failures = [var.repository]
}

run "subject_anybody" {
  command = plan
  variables {
    subjects = { plan = ["*"] }
  }
  expect_failures = [var.subjects]
}

run "subject_any_repository" {
  command = plan
  variables {
    subjects = { preview = ["repo:acme/*:environment:preview"] }
  }
  expect_failures = [var.subjects]
}

run "subject_anything_in_the_repository" {
  command = plan
  variables {
    subjects = { plan = ["repo:acme/waybill:*"] }
  }
  expect_failures = [var.subjects]
}

run "subject_of_prod_with_wildcard" {
  command = plan
  variables {
    subjects = { prod = ["repo:acme/waybill:environment:pr*"] }
  }
  expect_failures = [var.subjects]
}

run "subject_of_a_plan_of_prod_with_wildcard" {
  command = plan
  variables {
    subjects = { plan-prod = ["repo:acme/waybill:environment:*-plan"] }
  }
  expect_failures = [var.subjects]
}

run "subject_of_a_plan_of_prod_from_pull_requests" {
  command = plan
  variables {
    subjects = { plan-prod = ["repo:acme/waybill:environment:prod-plan", "repo:acme/waybill:pull_request"] }
  }
  expect_failures = [var.subjects]
}

run "subjects_nobody" {
  command = plan
  variables {
    subjects = { dev = [] }
  }
  expect_failures = [var.subjects]
}

run "zone_of_an_unknown_environment" {
  command = plan
  variables {
    zone_ids = { production = "Z0123456789ABC" }
  }
  expect_failures = [var.zone_ids]
}

run "zone_by_name" {
  command = plan
  variables {
    zone_ids = { prod = "example.com" }
  }
  expect_failures = [var.zone_ids]
}
