provider "aws" {
  region = "eu-west-1"
}

variables {
  name = "waybill-test"
}

run "names_are_those_of_the_functions_settings" {
  command = plan

  assert {
    condition = output.buckets == {
      incoming = { name = "waybill-test-incoming", arn = "arn:aws:s3:::waybill-test-incoming" }
      curated  = { name = "waybill-test-curated", arn = "arn:aws:s3:::waybill-test-curated" }
      reports  = { name = "waybill-test-reports", arn = "arn:aws:s3:::waybill-test-reports" }
    }
    error_message = "Functions find the buckets by these names, and policies by these ARNs while planning."
  }
}

run "the_longest_name_leaves_room_for_everything" {
  command = plan

  variables {
    name = "waybill-0123456789012345678901234567890123456"

    copies = { region = "eu-central-1", of = ["incoming", "curated", "reports"] }
  }

  assert {
    condition     = length(var.name) == 45 && alltrue([for bucket in values(output.buckets) : length(element(split(":", bucket.arn), 5)) <= 63])
    error_message = "The longest name that is allowed must make names of buckets and roles that AWS takes."
  }
}

# That it can be planned is the test.
run "files_move_to_what_can_be_read_at_once" {
  command = plan

  variables {
    incoming = {
      tiers     = [{ after_days = 30, class = "STANDARD_IA" }, { after_days = 90, class = "GLACIER_IR" }]
      keep_days = 400
    }
  }
}

run "refuses_a_name_with_two_hyphens" {
  command = plan

  variables {
    name = "waybill--test"
  }

  expect_failures = [var.name]
}

run "refuses_a_name_that_is_too_long" {
  command = plan

  variables {
    name = "waybill-01234567890123456789012345678901234567"
  }

  expect_failures = [var.name]
}

run "refuses_tiers_that_cannot_be_replayed" {
  command = plan

  variables {
    incoming = { tiers = [{ after_days = 90, class = "GLACIER" }] }
  }

  expect_failures = [var.incoming]
}

run "refuses_reports_that_go_at_once" {
  command = plan

  variables {
    keep_reports_days = 0
  }

  expect_failures = [var.keep_reports_days]
}

run "refuses_copies_of_another_bucket" {
  command = plan

  variables {
    copies = { region = "eu-central-1", of = ["artifacts"] }
  }

  expect_failures = [var.copies]
}
