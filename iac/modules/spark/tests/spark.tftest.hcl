provider "aws" {
  region = "eu-west-1"
}

variables {
  name        = "waybill-test"
  environment = "test"
  artifacts   = { bucket = "waybill-artifacts" }
  incoming    = "arn:aws:s3:::waybill-test-incoming"
  lake        = { bucket = "company-lake", prefix = "waybill/test" }
  database = {
    host          = "db.test.internal"
    name          = "waybill"
    login         = "waybill_loader"
    parameter_arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/test/database/loader/password"
  }
  network = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"], availability_zone = "eu-west-1a" }
}

run "nothing_is_paid_between_jobs" {
  command = apply

  assert {
    condition     = aws_emrserverless_application.this[0].auto_stop_configuration[0].enabled && length(aws_emrserverless_application.this[0].initial_capacity) == 0
    error_message = "The application must stop by itself, and keep no workers warm."
  }

  assert {
    condition     = aws_emrserverless_application.this[0].architecture == "ARM64" && aws_emrserverless_application.this[0].maximum_capacity[0].cpu == "40 vCPU"
    error_message = "It runs on arm64, within the limits."
  }

  assert {
    condition     = length(aws_glue_job.this) == 0 && length(aws_glue_connection.this) == 0
    error_message = "One engine is made, not both."
  }
}

run "the_machine_starts_the_releases_own_job" {
  command = apply

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.RunOnEmr.Resource == "arn:aws:states:::emr-serverless:startJobRun.sync"
    error_message = "The machine must wait for the job's end."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.code == "s3://waybill-artifacts/releases/"
    error_message = "The job is the release's, from the artifact bucket."
  }

  assert {
    condition = alltrue([
      for state in ["RunOnEmr", "RunOnGlue"] :
      jsondecode(aws_sfn_state_machine.this.definition).States[state].TimeoutSeconds == 15000
      && jsondecode(aws_sfn_state_machine.this.definition).States[state].Retry[1].MaxAttempts == 2
    ])
    error_message = "A job has a limit, and is begun three times."
  }

  assert {
    # The same for both engines: Glue is given the list in pairs.
    condition = [
      for at, word in jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.arguments :
      jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.arguments[at + 1] if word == "--time-limit-s"
    ] == [tostring(jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.timeout_s)]
    error_message = "The job must know when its engine ends it: it says so in the ledger before."
  }

  assert {
    condition = [
      for at, word in jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.arguments :
      jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.arguments[at + 1] if word == "--environment"
    ] == ["test"]
    error_message = "Its batches must count under the environment, or no alarm sees them."
  }

  assert {
    condition     = contains(jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.arguments, "/waybill/test/database/loader/password")
    error_message = "The job is told the password's name, never the password."
  }
}

run "logs_stay_in_the_account" {
  command = apply

  assert {
    condition = alltrue([
      for monitoring in [jsondecode(aws_sfn_state_machine.this.definition).States.RunOnEmr.Arguments.ConfigurationOverrides.MonitoringConfiguration] :
      monitoring.CloudWatchLoggingConfiguration.Enabled && !monitoring.ManagedPersistenceMonitoringConfiguration.Enabled
    ])
    error_message = "A job must log to the environment's own group, and not through a bucket that its network refuses."
  }
}

run "a_job_reads_batches_and_writes_its_lake_only" {
  command = apply

  assert {
    condition = alltrue([
      for statement in jsondecode(output.policies.job).Statement :
      alltrue([for resource in flatten([statement.Resource]) : startswith(resource, "arn:aws:s3:::company-lake/waybill/test/")])
      if length(setintersection(flatten([statement.Action]), ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"])) > 0
    ])
    error_message = "Nothing but the environment's part of the lake may be written."
  }

  assert {
    condition = [
      for statement in jsondecode(output.policies.job).Statement : statement.Resource if contains(flatten([statement.Action]), "s3:GetObjectVersion")
    ] == ["arn:aws:s3:::waybill-test-incoming/*"]
    error_message = "Batches are read, by their version."
  }

  assert {
    condition = [
      for statement in jsondecode(output.policies.job).Statement : statement.Resource if contains(flatten([statement.Action]), "ssm:GetParameter")
    ] == ["arn:aws:ssm:eu-west-1:123456789012:parameter/waybill/test/database/loader/password"]
    error_message = "One parameter, no more."
  }

  assert {
    condition     = !anytrue([for statement in jsondecode(output.policies.job).Statement : contains(flatten([statement.Action]), "ec2:CreateNetworkInterface")])
    error_message = "EMR Serverless makes its interfaces with a role of its own."
  }

  assert {
    condition = [
      for statement in jsondecode(output.policies.machine).Statement : statement.Condition.StringEquals["iam:PassedToService"]
      if contains(flatten([statement.Action]), "iam:PassRole")
    ] == ["emr-serverless.amazonaws.com"]
    error_message = "The job's role is for the engine only."
  }
}

run "packed_content_has_room_on_a_worker" {
  command = apply

  variables {
    limits = { disk_gb = 150 }
  }

  assert {
    condition = alltrue([
      for worker in ["executor", "driver"] : strcontains(
        jsondecode(aws_sfn_state_machine.this.definition).States.RunOnEmr.Arguments.JobDriver.SparkSubmit.SparkSubmitParameters,
        "--conf spark.emr-serverless.${worker}.disk=' & $string($settings.disk_gb) & 'G",
      )
    ]) && jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.disk_gb == 150
    error_message = "Workers have 20 GB unless told otherwise: the job must ask for its disk."
  }

  assert {
    condition     = aws_emrserverless_application.this[0].maximum_capacity[0].disk == "1500 GB"
    error_message = "The application must let each worker have its disk."
  }
}

run "a_disk_that_no_worker_has_is_refused" {
  command = plan

  variables {
    limits = { disk_gb = 500 }
  }

  expect_failures = [var.limits]
}

run "sessions_are_as_many_as_cores_and_drivers" {
  command = apply

  assert {
    # 40 processors: two drivers of four, and eight workers of four. A third job would take a worker's place.
    condition     = output.sessions == 8 * 4 + 2 * 2
    error_message = "The database must have room for each core of each worker, and for the drivers."
  }
}

run "glue_runs_the_same_script" {
  command = apply

  variables {
    engine = "glue"
  }

  assert {
    condition     = aws_glue_job.this[0].timeout == 240 && aws_glue_job.this[0].number_of_workers == 8 && length(aws_emrserverless_application.this) == 0
    error_message = "The same limits, and one engine."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Read.Assign.settings.engine == "glue"
    error_message = "The machine goes the way of its engine."
  }

  assert {
    condition = alltrue([for stream in ["output", "error"] :
      contains([for group in aws_cloudwatch_log_group.job : group.name], "${aws_glue_job.this[0].default_arguments["--custom-logGroup-prefix"]}/${stream}")
    ])
    error_message = "Glue must find the groups that it writes to: metrics are lines in them."
  }

  assert {
    condition = alltrue([for group in aws_cloudwatch_log_group.job : anytrue([
      for statement in jsondecode(output.policies.job).Statement :
      contains(flatten([statement.Action]), "logs:PutLogEvents") && contains(flatten([statement.Resource]), "${group.arn}:*")
    ])])
    error_message = "The job must be let write to each of them."
  }

  assert {
    condition     = !anytrue([for statement in jsondecode(output.policies.machine).Statement : contains(flatten([statement.Action]), "iam:PassRole")])
    error_message = "A Glue job has its role already."
  }
}

run "who_is_to_know_is_told" {
  command = apply

  variables {
    topic_arn = "arn:aws:sns:eu-west-1:123456789012:alarms"
  }

  assert {
    condition = [
      for statement in jsondecode(output.policies.machine).Statement : statement.Resource if contains(flatten([statement.Action]), "sns:Publish")
    ] == ["arn:aws:sns:eu-west-1:123456789012:alarms"]
    error_message = "The machine may publish to the topic that it was given."
  }
}

run "glue_without_a_zone_is_refused" {
  command = plan

  variables {
    engine  = "glue"
    network = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.network]
}

run "another_environments_name_is_refused" {
  command = plan

  variables {
    environment = "prod"
  }

  expect_failures = [var.environment]
}

run "a_whole_bucket_is_no_lake" {
  command = plan

  variables {
    lake = { bucket = "company-lake", prefix = "" }
  }

  expect_failures = [var.lake]
}
