# Applied, because balancer and service name each other by what is known only then.

provider "aws" {
  region = "eu-west-1"
}

variables {
  name                = "waybill-test"
  network             = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-functions"] }
  image               = { repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/waybill/api", release = "c0ffee" }
  certificate_arn     = "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b"
  tasks               = { least = 2, most = 4 }
  requests_per_minute = 6000
  variables           = { WAYBILL_ENVIRONMENT = "test" }
  statements          = [{ sid = "Orders", actions = ["sqs:SendMessage"], resources = ["arn:aws:sqs:eu-west-1:123456789012:waybill-test-intake"] }]
  log_days            = 14
}

run "a_release_goes_over_without_a_gap" {
  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_maximum_percent == 200
    error_message = "New tasks answer before old ones are told to stop."
  }

  assert {
    condition     = one(aws_ecs_service.this.deployment_circuit_breaker).enable && one(aws_ecs_service.this.deployment_circuit_breaker).rollback
    error_message = "What does not come up is taken back."
  }

  assert {
    condition     = output.release.task_definition.containerDefinitions[0].stopTimeout > tonumber(aws_lb_target_group.this.deregistration_delay) && tonumber(aws_lb_target_group.this.deregistration_delay) >= 29
    error_message = "A request may take 27 s, and the program takes two more to end: neither the balancer nor ECS may be shorter."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].path == "/health/ready" && aws_lb_target_group.this.health_check[0].matcher == "200"
    error_message = "Only who is ready gets requests."
  }
}

run "nothing_is_public" {
  assert {
    condition     = aws_lb.this.internal && !one(aws_ecs_service.this.network_configuration).assign_public_ip
    error_message = "The gateway comes in by its link; nobody else does."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.hop : rule.referenced_security_group_id != null && rule.cidr_ipv4 == null])
    error_message = "Groups let groups in, never addresses."
  }

  assert {
    condition     = aws_lb_listener.this.protocol == "HTTPS" && aws_lb_listener.this.certificate_arn == var.certificate_arn
    error_message = "The way to the balancer is encrypted."
  }

  assert {
    condition     = output.release.task_definition.containerDefinitions[0].readonlyRootFilesystem && output.release.task_definition.runtimePlatform.cpuArchitecture == "ARM64"
    error_message = "A program that cannot change what it runs from."
  }
}

run "it_scales_on_requests_within_the_budget" {
  assert {
    condition     = aws_appautoscaling_target.this.min_capacity == 2 && aws_appautoscaling_target.this.max_capacity == 4
    error_message = "As few and as many as were asked for."
  }

  assert {
    condition     = one(one(aws_appautoscaling_policy.requests.target_tracking_scaling_policy_configuration).predefined_metric_specification).predefined_metric_type == "ALBRequestCountPerTarget"
    error_message = "Requests are what it scales on."
  }

  assert {
    condition     = output.sessions == 128
    error_message = "Four tasks, twice while a release goes over, sixteen sessions each."
  }
}

run "each_role_has_its_own" {
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Sid] == ["Orders"]
    error_message = "The program may do what the caller lists."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.start.policy).Statement : [statement.Sid, statement.Resource]] == [
      ["Image", "arn:aws:ecr:eu-west-1:123456789012:repository/waybill/api"],
      ["RegistryLogin", "*"],
      ["WriteLog", "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/ecs/waybill-test-api:*"],
    ]
    error_message = "What starts a task fetches one image and writes one log."
  }
}

run "refuses_one_subnet" {
  command = plan

  variables {
    network = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], security_group_ids = ["sg-functions"] }
  }

  expect_failures = [var.network]
}

run "refuses_a_name_that_no_balancer_has" {
  command = plan

  variables {
    name = "a-prefix-of-twenty-c-staging2"
  }

  expect_failures = [var.name]
}

run "refuses_no_tasks" {
  command = plan

  variables {
    tasks = { least = 0, most = 4 }
  }

  expect_failures = [var.tasks]
}

run "refuses_sizes_that_fargate_has_not" {
  command = plan

  variables {
    size = { cpu = 512, memory_mb = 512 }
  }

  expect_failures = [var.size]
}
