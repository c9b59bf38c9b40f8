# Applied, because definitions name roles whose ARNs are known only then.

provider "aws" {
  region = "eu-west-1"
}

variables {
  name       = "waybill-test"
  network    = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
  repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/waybill/task"
  max_vcpus  = { spot = 16, on_demand = 8 }
  variables  = { WAYBILL_ENVIRONMENT = "test" }
  statements = [{ sid = "Objects", actions = ["s3:GetObject"], resources = ["arn:aws:s3:::waybill-test-incoming/*"] }]
  alarms     = { topic_arn = "arn:aws:sns:eu-west-1:123456789012:waybill-test-alarms", runbook = "https://example.com/runbooks/batches-failed.md" }
  log_days   = 14
}

run "urgent_loads_come_first_and_never_run_on_spot" {
  assert {
    condition = { for size, queue in aws_batch_job_queue.this : size => [for at in queue.compute_environment_order : at.compute_environment] } == {
      small  = [aws_batch_compute_environment.this["spot"].arn, aws_batch_compute_environment.this["on-demand"].arn]
      large  = [aws_batch_compute_environment.this["spot"].arn, aws_batch_compute_environment.this["on-demand"].arn]
      urgent = [aws_batch_compute_environment.this["on-demand"].arn]
    }
    error_message = "Small and large loads go to Spot first; urgent ones only where nothing is taken away."
  }

  assert {
    condition     = aws_batch_job_queue.this["urgent"].priority > aws_batch_job_queue.this["small"].priority && aws_batch_job_queue.this["small"].priority > aws_batch_job_queue.this["large"].priority
    error_message = "Urgent before small before large."
  }

  assert {
    condition     = { for key, environment in aws_batch_compute_environment.this : key => [one(environment.compute_resources).type, one(environment.compute_resources).max_vcpus] } == { spot = ["FARGATE_SPOT", 16], on-demand = ["FARGATE", 8] }
    error_message = "No more runs at once than the database has sessions for."
  }

  assert {
    condition     = output.tasks == 24
    error_message = "Tasks of one processor each: 16 on Spot, 8 on demand."
  }

  assert {
    condition     = output.queues.urgent == { name = "waybill-test-load-urgent", arn = "arn:aws:batch:eu-west-1:123456789012:job-queue/waybill-test-load-urgent" } && aws_batch_job_queue.this["urgent"].name == output.queues.urgent.name
    error_message = "ARNs are written out, and must be those of the queues."
  }
}

run "a_definition_is_what_a_task_needs_and_no_more" {
  assert {
    condition = alltrue([for definition in output.definitions : alltrue([
      definition.containerProperties.readonlyRootFilesystem,
      definition.containerProperties.networkConfiguration.assignPublicIp == "DISABLED",
      definition.containerProperties.runtimePlatform.cpuArchitecture == "ARM64",
      join(" ", definition.containerProperties.command) == "load --batch Ref::batch",
      definition.containerProperties.mountPoints[0].containerPath == "/scratch",
      definition.containerProperties.jobRoleArn != definition.containerProperties.executionRoleArn,
    ])])
    error_message = "No public address, nothing to write to but scratch, and a role of the program's own."
  }

  assert {
    condition = { for one in output.definitions.small.containerProperties.environment : one.name => one.value } == {
      WAYBILL_ENVIRONMENT = "test", WAYBILL_SCRATCH = "/scratch", WAYBILL_SCRATCH_BYTES = "50465865728", WAYBILL_TIME_LIMIT_SECONDS = "7200", AWS_REGION = "eu-west-1"
    }
    error_message = "The program is told what functions are, and 47 GiB of scratch."
  }

  assert {
    condition     = output.definitions.large.containerProperties.ephemeralStorage.sizeInGiB == 200 && output.definitions.large.jobDefinitionName == output.jobs.names.large
    error_message = "The disk is the size's, and the name what a release adds itself to."
  }
}

run "what_is_tried_again" {
  assert {
    condition = alltrue([for definition in output.definitions : [
      for rule in definition.retryStrategy.evaluateOnExit : [lookup(rule, "onExitCode", null), lookup(rule, "onStatusReason", null), rule.action]
      ] == [
      ["75", null, "RETRY"], ["137", null, "RETRY"], [null, "Your Spot Task was interrupted*", "RETRY"], [null, "Host EC2*", "RETRY"], ["*", null, "EXIT"],
    ]])
    error_message = "What asks for it and what was taken away is tried again; what ended by itself is not. What never began has no status, and fits none."
  }
}

run "each_role_has_its_own" {
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Sid] == ["Objects"]
    error_message = "The program may do what the caller lists."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.start.policy).Statement : [statement.Sid, statement.Resource]] == [
      ["Image", "arn:aws:ecr:eu-west-1:123456789012:repository/waybill/task"],
      ["RegistryLogin", "*"],
      ["WriteLog", "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/batch/waybill-test-load:*"],
    ]
    error_message = "What starts a task fetches one image and writes one log."
  }
}

run "failed_jobs_are_told" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed[0].event_pattern).detail.status == ["FAILED"] && length(jsondecode(aws_cloudwatch_event_rule.failed[0].event_pattern).detail.jobQueue) == 3
    error_message = "Jobs of the three queues that failed."
  }

  assert {
    condition     = aws_cloudwatch_event_target.failed[0].arn == var.alarms.topic_arn && output.rule_arn == "arn:aws:events:eu-west-1:123456789012:rule/${aws_cloudwatch_event_rule.failed[0].name}"
    error_message = "The topic lets in the rule by its ARN."
  }
}

run "nobody_need_be_told" {
  variables {
    alarms = null
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.failed) == 0 && output.rule_arn == null
    error_message = "A rule that tells nobody."
  }
}

run "without_spot_all_is_on_demand" {
  variables {
    max_vcpus = { spot = 0, on_demand = 4 }
  }

  assert {
    condition     = keys(aws_batch_compute_environment.this) == ["on-demand"] && alltrue([for queue in aws_batch_job_queue.this : length(queue.compute_environment_order) == 1]) && output.tasks == 4
    error_message = "AWS takes no environment of no processors."
  }
}

run "refuses_less_than_one_urgent_task" {
  command = plan

  variables {
    max_vcpus = { spot = 16, on_demand = 3 }
  }

  expect_failures = [var.max_vcpus]
}

run "refuses_sizes_that_fargate_has_not" {
  command = plan

  variables {
    sizes = {
      small  = { vcpus = 1, memory_mb = 1024, scratch_gb = 50, timeout_s = 7200 }
      large  = { vcpus = 4, memory_mb = 8192, scratch_gb = 200, timeout_s = 86400 }
      urgent = { vcpus = 4, memory_mb = 8192, scratch_gb = 200, timeout_s = 86400 }
    }
  }

  expect_failures = [var.sizes]
}

run "refuses_a_disk_that_fargate_has_not" {
  command = plan

  variables {
    sizes = {
      small  = { vcpus = 1, memory_mb = 2048, scratch_gb = 20, timeout_s = 7200 }
      large  = { vcpus = 4, memory_mb = 8192, scratch_gb = 201, timeout_s = 86400 }
      urgent = { vcpus = 4, memory_mb = 8192, scratch_gb = 200, timeout_s = 86400 }
    }
  }

  expect_failures = [var.sizes]
}

run "refuses_another_set_of_sizes" {
  command = plan

  variables {
    sizes = { huge = { vcpus = 4, memory_mb = 8192, scratch_gb = 200, timeout_s = 86400 } }
  }

  expect_failures = [var.sizes]
}

run "refuses_an_image_instead_of_a_repository" {
  command = plan

  variables {
    repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/waybill/task:latest"
  }

  expect_failures = [var.repository]
}

run "refuses_to_be_told_what_it_says_itself" {
  command = plan

  variables {
    variables = { WAYBILL_SCRATCH = "/tmp" }
  }

  expect_failures = [var.variables]
}
