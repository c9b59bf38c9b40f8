# Releases move code and aliases behind Terraform's back. What Terraform applies later must not take them back.
# Applied to a mock, as this is about two applies one after the other.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/waybill-test-intake" }
  }
}

variables {
  name        = "waybill-test-intake"
  description = "Queue messages become loaded batches."
  memory_mb   = 1769
  timeout_s   = 900
  log_days    = 14
  code        = { bucket = "waybill-artifacts", key = "functions/first.zip" }
  variables   = { WAYBILL_ENVIRONMENT = "test" }
}

run "the_first_code_is_as_given" {
  command = apply

  override_resource {
    target = aws_lambda_function.this
    values = { version = "1" }
  }

  assert {
    condition     = aws_lambda_function.this.s3_key == "functions/first.zip" && aws_lambda_alias.live.function_version == "1"
    error_message = "A new function must run the code that it was given."
  }
}

run "later_code_is_the_releases" {
  command = plan

  variables {
    code = { bucket = "waybill-others", key = "functions/second.zip" }
  }

  assert {
    condition     = aws_lambda_function.this.s3_bucket == "waybill-artifacts" && aws_lambda_function.this.s3_key == "functions/first.zip"
    error_message = "Terraform must not put other code into a function that exists."
  }
}

run "settings_are_terraforms" {
  command = plan

  variables {
    memory_mb = 2048
    variables = { WAYBILL_ENVIRONMENT = "other" }
  }

  assert {
    condition     = aws_lambda_function.this.memory_size == 2048
    error_message = "Sizes must follow the configuration."
  }

  assert {
    condition     = one(aws_lambda_function.this.environment).variables == tomap({ WAYBILL_ENVIRONMENT = "other" })
    error_message = "Variables must follow the configuration."
  }
}

run "the_alias_is_the_releases" {
  command = plan

  # A mock keeps the version when settings change; made anew, the function has one that is not known yet.
  plan_options {
    replace = [aws_lambda_function.this]
  }

  assert {
    condition     = aws_lambda_alias.live.function_version == "1"
    error_message = "A new version must not move the alias: the next release does."
  }
}
