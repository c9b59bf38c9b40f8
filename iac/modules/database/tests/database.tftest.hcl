provider "aws" {
  region = "eu-west-1"
}

variables {
  name              = "waybill-test"
  subnet_ids        = ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"]
  security_group_id = "sg-0a1b2c3d4e5f60718"
  instance_class    = "db.t4g.micro"
  storage_gb        = { initial = 20, maximum = 100 }
  multi_az          = false
  replica           = { instance_class = "db.t4g.small" }
  backup_days       = 7
  protected         = true
  admin_parameter   = "/waybill/test/database/admin/password"
}

run "both_servers_are_private_encrypted_and_protected" {
  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.storage_encrypted && !server.publicly_accessible])
    error_message = "A server is public, or its storage is not encrypted."
  }

  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.vpc_security_group_ids == toset(["sg-0a1b2c3d4e5f60718"])])
    error_message = "A server can be reached by others than its security group says."
  }

  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.deletion_protection && !server.apply_immediately])
    error_message = "A protected server can be deleted, or interrupted at any hour."
  }

  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.auto_minor_version_upgrade && server.ca_cert_identifier == "rds-ca-rsa2048-g1" && server.copy_tags_to_snapshot])
    error_message = "A server keeps old minor versions, shows a certificate that clients do not expect, or loses its tags in snapshots."
  }
}

run "a_protected_database_leaves_a_snapshot_of_a_name_of_its_own" {
  assert {
    condition     = !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.delete_automated_backups && can(regex("^waybill-test-final-[0-9a-f]{8}$", aws_db_instance.this.final_snapshot_identifier))
    error_message = "Destroying would lose the data, or fail where an earlier stack of this name left a snapshot."
  }
}

run "a_planned_hour_does_not_wait_for_the_window" {
  variables {
    apply_immediately = true
  }

  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.apply_immediately && server.deletion_protection])
    error_message = "A protected database cannot be upgraded at an hour of one's choice."
  }
}

run "an_unprotected_database_goes_without_hand_work" {
  variables {
    protected   = false
    backup_days = 0
    replica     = null
  }

  assert {
    condition     = !aws_db_instance.this.deletion_protection && aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.final_snapshot_identifier == null && aws_db_instance.this.delete_automated_backups
    error_message = "Destroying needs hand work or leaves something behind that costs."
  }
}

run "connections_without_tls_are_refused_on_both_servers" {
  variables {
    parameters = { log_min_duration_statement = "100" }
  }

  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "rds.force_ssl=1")
    error_message = "PostgreSQL accepts connections without TLS."
  }

  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.parameter_group_name == aws_db_parameter_group.this.name])
    error_message = "A server does not have these parameters."
  }

  assert {
    condition     = [for parameter in aws_db_parameter_group.this.parameter : parameter.value if parameter.name == "log_min_duration_statement"] == ["100"]
    error_message = "An environment cannot override what the module chose."
  }
}

run "values_of_rows_never_reach_the_log" {
  assert {
    condition = alltrue([
      contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "log_parameter_max_length=0"),
      !contains([for parameter in aws_db_parameter_group.this.parameter : parameter.name], "log_statement"),
    ])
    error_message = "Slow statements would be logged with partners' data, or all statements with passwords' verifiers."
  }
}

run "parameters_read_at_start_wait_for_a_restart" {
  variables {
    parameters = { max_connections = "200", work_mem = "65536" }
  }

  assert {
    condition = {
      for parameter in aws_db_parameter_group.this.parameter : parameter.name => parameter.apply_method
      if contains(["max_connections", "work_mem", "rds.force_ssl"], parameter.name)
      } == {
      max_connections = "pending-reboot"
      work_mem        = "immediate"
      "rds.force_ssl" = "immediate"
    }
    error_message = "RDS refuses to apply such a parameter at once, or a change waits without need."
  }
}

run "a_minor_version_does_not_change_the_family" {
  variables {
    engine_version = "17.4"
  }

  assert {
    condition     = aws_db_parameter_group.this.family == "postgres17" && endswith(aws_db_parameter_group.this.name, "-postgres17")
    error_message = "RDS has no such family, or an upgrade's group would collide with the old one."
  }
}

run "the_administrators_password_is_random_and_only_in_its_parameter" {
  assert {
    condition     = can(regex("^[A-Za-z0-9]{32}$", nonsensitive(random_password.admin.result)))
    error_message = "The password is short, or needs quoting."
  }

  assert {
    condition     = aws_ssm_parameter.admin.type == "SecureString" && nonsensitive(aws_ssm_parameter.admin.value == aws_db_instance.this.password)
    error_message = "The parameter is readable, or has another password than the server."
  }

  assert {
    condition     = output.admin.parameter == "/waybill/test/database/admin/password" && endswith(output.admin.parameter_arn, output.admin.parameter) && output.admin.username == "waybill_admin"
    error_message = "Provisioning would look for another login or parameter."
  }
}

run "reads_go_to_another_server_than_writes" {
  assert {
    condition     = output.replica.identifier == "waybill-test-replica" && output.replica.identifier != output.identifier && aws_db_instance.replica[0].replicate_source_db == output.identifier
    error_message = "The replica is the first server, or follows another."
  }

  assert {
    condition     = output.replica.address == aws_db_instance.replica[0].address && output.port == aws_db_instance.replica[0].port
    error_message = "Reads would not find the replica, or not at the same port."
  }
}

run "without_a_replica_there_is_none_to_pay_for" {
  variables {
    replica = null
  }

  assert {
    condition     = output.replica == null && length(aws_db_instance.replica) == 0 && length([for group in aws_cloudwatch_log_group.this : group if strcontains(group.name, "replica")]) == 0
    error_message = "Something of a replica is there."
  }
}

run "every_log_has_an_end" {
  variables {
    iam_authentication = true
    log_days           = 14
  }

  # RDS makes a group that keeps logs for ever where there is none.
  assert {
    condition = toset(flatten([
      for server in [aws_db_instance.this, aws_db_instance.replica[0]] :
      [for export in server.enabled_cloudwatch_logs_exports : "/aws/rds/instance/${server.identifier}/${export}"]
    ])) == toset([for group in aws_cloudwatch_log_group.this : group.name if group.retention_in_days == 14])
    error_message = "A server exports a log that has no group with a retention."
  }

  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.iam_database_authentication_enabled && contains(server.enabled_cloudwatch_logs_exports, "iam-db-auth-error")])
    error_message = "Tokens do not work on both servers, or their refusals are not logged."
  }
}

run "insights_cost_nothing_by_default" {
  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.performance_insights_enabled && server.performance_insights_retention_period == 7 && server.database_insights_mode == "standard" && server.monitoring_interval == 0])
    error_message = "Insights are off, or billed."
  }
}

run "insights_can_be_off" {
  variables {
    insights_days = 0
  }

  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : !server.performance_insights_enabled && server.database_insights_mode == "standard"])
    error_message = "Insights are on."
  }
}

run "fifteen_months_of_insights_need_the_advanced_mode" {
  variables {
    insights_days = 465
  }

  assert {
    condition     = alltrue([for server in [aws_db_instance.this, aws_db_instance.replica[0]] : server.performance_insights_retention_period == 465 && server.database_insights_mode == "advanced"])
    error_message = "The retention of the advanced mode without the mode."
  }
}

run "storage_that_must_not_grow_does_not" {
  variables {
    storage_gb = { initial = 20, maximum = 20 }
  }

  assert {
    condition     = aws_db_instance.this.max_allocated_storage == 0
    error_message = "RDS refuses a maximum that equals what is there; 0 turns growing off."
  }
}

run "refuses_a_name_that_rds_would_refuse" {
  command = plan
  variables {
    name = "waybill--test"
  }
  expect_failures = [var.name]
}

run "refuses_a_single_subnet" {
  command = plan
  variables {
    subnet_ids = ["subnet-0a1b2c3d4e5f60718"]
  }
  expect_failures = [var.subnet_ids]
}

run "refuses_a_version_that_is_not_tested" {
  command = plan
  variables {
    engine_version = "14"
  }
  expect_failures = [var.engine_version]
}

run "refuses_a_class_of_ec2" {
  command = plan
  variables {
    instance_class = "t4g.micro"
  }
  expect_failures = [var.instance_class]
}

run "refuses_a_replica_of_a_class_of_ec2" {
  command = plan
  variables {
    replica = { instance_class = "t4g.micro" }
  }
  expect_failures = [var.replica]
}

run "refuses_less_storage_than_gp3_has" {
  command = plan
  variables {
    storage_gb = { initial = 10, maximum = 20 }
  }
  expect_failures = [var.storage_gb]
}

run "refuses_storage_that_shrinks" {
  command = plan
  variables {
    storage_gb = { initial = 100, maximum = 50 }
  }
  expect_failures = [var.storage_gb]
}

run "refuses_storage_that_grows_by_less_than_a_tenth" {
  command = plan
  variables {
    storage_gb = { initial = 100, maximum = 109 }
  }
  expect_failures = [var.storage_gb]
}

run "refuses_backups_for_longer_than_rds_keeps_them" {
  command = plan
  variables {
    backup_days = 36
  }
  expect_failures = [var.backup_days]
}

run "refuses_a_replica_without_backups" {
  command = plan
  variables {
    backup_days = 0
    protected   = false
  }
  expect_failures = [var.backup_days]
}

run "refuses_protection_without_backups" {
  command = plan
  variables {
    backup_days = 0
    replica     = null
  }
  expect_failures = [var.backup_days]
}

run "refuses_a_retention_of_insights_between_the_prices" {
  command = plan
  variables {
    insights_days = 31
  }
  expect_failures = [var.insights_days]
}

run "refuses_a_retention_that_cloudwatch_does_not_know" {
  command = plan
  variables {
    log_days = 10
  }
  expect_failures = [var.log_days]
}

run "refuses_a_backup_window_of_another_form" {
  command = plan
  variables {
    windows = { backup = "1:30-2:00" }
  }
  expect_failures = [var.windows]
}

run "refuses_a_maintenance_window_of_another_form" {
  command = plan
  variables {
    windows = { maintenance = "sunday 02:30" }
  }
  expect_failures = [var.windows]
}

run "refuses_windows_that_overlap" {
  command = plan
  variables {
    windows = { backup = "03:00-04:00" }
  }
  expect_failures = [aws_db_instance.this]
}

run "refuses_windows_over_midnight" {
  command = plan
  variables {
    windows = { maintenance = "sun:23:30-mon:00:30" }
  }
  expect_failures = [aws_db_instance.this]
}

run "refuses_windows_too_short" {
  command = plan
  variables {
    windows = { backup = "01:30-01:45" }
  }
  expect_failures = [aws_db_instance.this]
}

run "refuses_a_parameter_that_is_no_path" {
  command = plan
  variables {
    admin_parameter = "waybill/test/password"
  }
  expect_failures = [var.admin_parameter]
}

run "refuses_a_parameter_under_a_reserved_name" {
  command = plan
  variables {
    admin_parameter = "/aws/waybill/password"
  }
  expect_failures = [var.admin_parameter]
}

run "refuses_to_turn_tls_off" {
  command = plan
  variables {
    parameters = { "rds.force_ssl" = "0" }
  }
  expect_failures = [var.parameters]
}
