provider "aws" {
  region = "eu-west-1"
}

variables {
  parameters = "/waybill/test"
}

run "each_login_has_a_random_password_of_its_own" {
  assert {
    condition     = alltrue([for password in random_password.this : can(regex("^[A-Za-z0-9]{32}$", nonsensitive(password.result)))])
    error_message = "A password is short, or needs quoting."
  }

  assert {
    condition     = length(distinct([for parameter in aws_ssm_parameter.this : nonsensitive(parameter.value)])) == 4
    error_message = "Two logins share a password, so that one can do the other's work."
  }
}

run "passwords_are_kept_where_functions_look_for_them_and_encrypted" {
  assert {
    condition = output.names == {
      api    = "/waybill/test/database/api/password"
      loader = "/waybill/test/database/loader/password"
      owner  = "/waybill/test/database/owner/password"
      reader = "/waybill/test/database/reader/password"
    }
    error_message = "The functions look for other names."
  }

  assert {
    condition     = alltrue([for parameter in aws_ssm_parameter.this : parameter.type == "SecureString"])
    error_message = "A password is kept in clear."
  }

  assert {
    condition     = alltrue([for login, arn in output.arns : endswith(arn, output.names[login])]) && keys(output.arns) == keys(output.names)
    error_message = "A policy made of the ARNs would let another parameter be read."
  }
}

run "only_asked_for_logins_have_a_password" {
  variables {
    logins = ["loader"]
  }

  assert {
    condition     = keys(output.names) == ["loader"]
    error_message = "A login has a password that nobody asked for."
  }
}

run "refuses_a_path_that_does_not_begin_at_the_root" {
  command = plan
  variables {
    parameters = "waybill/test"
  }
  expect_failures = [var.parameters]
}

run "refuses_a_slash_at_the_end" {
  command = plan
  variables {
    parameters = "/waybill/test/"
  }
  expect_failures = [var.parameters]
}

run "refuses_a_reserved_path" {
  command = plan
  variables {
    parameters = "/aws/test"
  }
  expect_failures = [var.parameters]
}

run "refuses_no_logins" {
  command = plan
  variables {
    logins = []
  }
  expect_failures = [var.logins]
}

run "refuses_a_login_that_postgresql_would_have_to_quote" {
  command = plan
  variables {
    logins = ["Loader"]
  }
  expect_failures = [var.logins]
}
