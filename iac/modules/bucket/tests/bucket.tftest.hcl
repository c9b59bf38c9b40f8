provider "aws" {
  region = "eu-west-1"
}

variables {
  name = "waybill-test-incoming"
}

run "nobody_comes_in_without_tls_or_from_the_public" {
  command = plan

  assert {
    condition = alltrue([
      for flag in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] :
      aws_s3_bucket_public_access_block.this[flag]
    ])
    error_message = "Every way of making the bucket public must be blocked."
  }

  assert {
    condition = alltrue([
      for wanted in [{ Bool = { "aws:SecureTransport" = "false" } }, { NumericLessThan = { "s3:TlsVersion" = "1.2" } }] : anytrue([
        for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
        jsonencode(statement.Condition) == jsonencode(wanted)
        && statement.Effect == "Deny" && statement.Action == "s3:*"
        && toset(statement.Resource) == toset(["arn:aws:s3:::waybill-test-incoming", "arn:aws:s3:::waybill-test-incoming/*"])
      ])
    ])
    error_message = "Plain HTTP and old TLS must be refused for the bucket and for its objects."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement.Effect == "Deny"])
    error_message = "The policy of a bucket that receives no logs must let nobody in."
  }

  assert {
    condition     = one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "ACLs must be off."
  }
}

run "nothing_is_lost_unless_somebody_says_so" {
  command = plan

  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "A bucket with content must not go with its stack unless asked."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "Objects that are overwritten must be kept unless asked otherwise."
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      length(rule.transition) == 0 && (rule.id == "markers" ? length(rule.expiration) == 1 : length(rule.expiration) == 0)
    ])
    error_message = "Current objects must neither move nor expire unless asked."
  }
}

run "what_nobody_sees_goes_away" {
  command = plan

  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      rule.status == "Enabled"
      && try(one(rule.noncurrent_version_expiration).noncurrent_days, 0) == 30
      && try(one(rule.abort_incomplete_multipart_upload).days_after_initiation, 0) == 7
    ])
    error_message = "Old versions and parts of unfinished uploads must be removed."
  }

  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      rule.status == "Enabled" && try(one(rule.expiration).expired_object_delete_marker, false)
    ])
    error_message = "Delete markers of objects without versions must be removed."
  }
}

run "objects_age_as_asked" {
  command = plan

  variables {
    retention = {
      tiers           = [{ after_days = 30, class = "STANDARD_IA" }, { after_days = 120, class = "GLACIER_IR" }]
      expire_days     = 365
      noncurrent_days = 10
    }
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : [
        { for move in rule.transition : move.storage_class => move.days },
        one(rule.expiration).days,
        one(rule.noncurrent_version_expiration).noncurrent_days,
      ] if rule.id == "content"
    ] == [[{ STANDARD_IA = 30, GLACIER_IR = 120 }, 365, 10]]
    error_message = "Objects must move down the tiers and then be deleted, and their versions with them."
  }
}

run "copies_cannot_be_deleted_by_who_makes_them" {
  command = plan

  variables {
    replicate_to = { bucket_arn = "arn:aws:s3:::waybill-test-copies" }
  }

  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(data.aws_iam_policy_document.replication[0].json).Statement :
      [for action in flatten([statement.Action]) : !strcontains(action, "Delete") && !strcontains(action, "*")]
    ]))
    error_message = "The replication role must not delete anything."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(data.aws_iam_policy_document.replication[0].json).Statement :
      statement.Sid == "WriteCopies" ? statement.Resource == "arn:aws:s3:::waybill-test-copies/*" : startswith(statement.Resource, "arn:aws:s3:::waybill-test-incoming")
    ])
    error_message = "The replication role must read only the source and write only the copy."
  }

  assert {
    condition     = one(one(aws_s3_bucket_replication_configuration.this[0].rule).delete_marker_replication).status == "Disabled"
    error_message = "Deletions must not be copied."
  }
}

run "only_s3_of_this_account_writes_logs" {
  command = plan

  variables {
    receives_access_logs = true
  }

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      [statement.Action, statement.Principal.Service, statement.Condition.StringEquals["aws:SourceAccount"]] if statement.Effect == "Allow"
    ] == [["s3:PutObject", "logging.s3.amazonaws.com", data.aws_caller_identity.current.account_id]]
    error_message = "A bucket for logs must let in the log service for this account, and nobody else."
  }
}

run "switches_make_only_what_they_name" {
  command = plan

  variables {
    acceleration = true
    cors_origins = ["https://partners.example.com"]
    access_logs  = { bucket = "waybill-access-logs", prefix = "test/" }
  }

  assert {
    condition     = length(aws_s3_bucket_accelerate_configuration.this) == 1 && length(aws_s3_bucket_logging.this) == 1
    error_message = "Acceleration and access logs must be made when asked for."
  }

  assert {
    condition = alltrue([
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins == toset(["https://partners.example.com"]),
      !contains(one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_methods, "DELETE"),
      contains(one(aws_s3_bucket_cors_configuration.this[0].cors_rule).expose_headers, "ETag"),
    ])
    error_message = "Only the named page may come, it cannot delete, and it sees the ETags that completing an upload needs."
  }

  assert {
    condition     = length(aws_s3_bucket_replication_configuration.this) == 0 && length(aws_iam_role.replication) == 0
    error_message = "Nothing of replication must be made unless asked for."
  }
}

run "boundary_reaches_the_role" {
  command = plan

  variables {
    replicate_to         = { bucket_arn = "arn:aws:s3:::waybill-test-copies" }
    permissions_boundary = "arn:aws:iam::123456789012:policy/waybill-boundary"
  }

  assert {
    condition     = aws_iam_role.replication[0].permissions_boundary == "arn:aws:iam::123456789012:policy/waybill-boundary"
    error_message = "A role without the boundary could not be made by the deploying role."
  }
}

run "refuses_a_name_with_dots" {
  command = plan
  variables { name = "waybill.test" }
  expect_failures = [var.name]
}

run "refuses_an_unknown_tier" {
  command = plan
  variables { retention = { tiers = [{ after_days = 30, class = "COLD" }] } }
  expect_failures = [var.retention]
}

run "refuses_an_early_tier" {
  command = plan
  variables { retention = { tiers = [{ after_days = 7, class = "STANDARD_IA" }] } }
  expect_failures = [var.retention]
}

run "refuses_tiers_that_go_up" {
  command = plan
  variables { retention = { tiers = [{ after_days = 30, class = "GLACIER_IR" }, { after_days = 90, class = "STANDARD_IA" }] } }
  expect_failures = [var.retention]
}

run "refuses_to_expire_before_the_last_tier" {
  command = plan
  variables { retention = { tiers = [{ after_days = 90, class = "STANDARD_IA" }], expire_days = 60 } }
  expect_failures = [var.retention]
}

run "refuses_to_keep_versions_for_no_time" {
  command = plan
  variables { retention = { noncurrent_days = 0 } }
  expect_failures = [var.retention]
}

run "refuses_every_origin" {
  command = plan
  variables { cors_origins = ["*"] }
  expect_failures = [var.cors_origins]
}

run "refuses_an_origin_with_a_path" {
  command = plan
  variables { cors_origins = ["https://partners.example.com/"] }
  expect_failures = [var.cors_origins]
}

run "refuses_copies_without_versions" {
  command = plan
  variables {
    versioned    = false
    replicate_to = { bucket_arn = "arn:aws:s3:::waybill-test-copies" }
  }
  expect_failures = [var.replicate_to]
}

run "refuses_copies_where_the_role_would_have_no_name" {
  command = plan
  variables {
    name         = "waybill-0123456789012345678901234567890123456789-incoming"
    replicate_to = { bucket_arn = "arn:aws:s3:::waybill-test-copies" }
  }
  expect_failures = [var.replicate_to]
}

run "refuses_logs_into_itself" {
  command = plan
  variables { access_logs = { bucket = "waybill-test-incoming", prefix = "" } }
  expect_failures = [var.access_logs]
}

run "what_is_short_lived_goes_soon_and_nothing_else" {
  command = plan

  variables {
    retention = { short_lived = { "lake/scratch/" = 3 } }
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      [one(rule.filter).prefix, one(rule.expiration).days, one(rule.noncurrent_version_expiration).noncurrent_days]
      if startswith(rule.id, "short-lived")
    ] == [["lake/scratch/", 3, 1]]
    error_message = "What lies below the prefix must go after three days, and its versions a day later."
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : length(rule.expiration) == 0 if rule.id == "content"])
    error_message = "What lies elsewhere must stay."
  }
}

run "a_whole_bucket_is_not_short_lived" {
  command = plan

  variables {
    retention = { short_lived = { "" = 3 } }
  }

  expect_failures = [var.retention]
}
