data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  service   = "${var.name}-api"
  partition = data.aws_partition.current.partition
  place     = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
  port      = 8080
  log_group = "/aws/ecs/${local.service}"

  # The program takes 27 s at most for a request, and two more to end (functions/api, server.rs). Whoever is told to stop gets
  # a little more than that, and the balancer lets what it has sent come to its end.
  drain_s = 30
  stop_s  = 40

  container = {
    name                   = "api"
    essential              = true
    portMappings           = [{ containerPort = local.port, protocol = "tcp" }]
    readonlyRootFilesystem = true
    stopTimeout            = local.stop_s
    linuxParameters        = { initProcessEnabled = true }
    environment = [for key, value in merge(var.variables, {
      WAYBILL_LISTEN = "0.0.0.0:${local.port}"
      AWS_REGION     = data.aws_region.current.region
    }) : { name = key, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = local.log_group, awslogs-region = data.aws_region.current.region, awslogs-stream-prefix = "api" }
    }
  }

  # What a release registers, once it has put its image's digest in: the input of RegisterTaskDefinition.
  task_definition = {
    family                  = local.service
    requiresCompatibilities = ["FARGATE"]
    networkMode             = "awsvpc"
    cpu                     = tostring(var.size.cpu)
    memory                  = tostring(var.size.memory_mb)
    executionRoleArn        = aws_iam_role.start.arn
    taskRoleArn             = aws_iam_role.task.arn
    runtimePlatform         = { operatingSystemFamily = "LINUX", cpuArchitecture = var.architecture == "arm64" ? "ARM64" : "X86_64" }
    containerDefinitions    = [local.container]
    tags                    = [for key, value in var.tags : { key = key, value = value }]
  }
}

resource "aws_cloudwatch_log_group" "service" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; lines hold no rows, so a customer key would protect nothing more
  #checkov:skip=CKV_AWS_338:How long is the environment's choice (log_days)

  name              = local.log_group
  retention_in_days = var.log_days
}

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights is paid by the metric; requests, errors and health are the balancer's metrics

  name = local.service
}

# The first one, with the release that the environment begins with: its tag is never moved. Releases name theirs by digest.
resource "aws_ecs_task_definition" "first" {
  family                   = local.task_definition.family
  requires_compatibilities = local.task_definition.requiresCompatibilities
  network_mode             = local.task_definition.networkMode
  cpu                      = local.task_definition.cpu
  memory                   = local.task_definition.memory
  execution_role_arn       = local.task_definition.executionRoleArn
  task_role_arn            = local.task_definition.taskRoleArn
  container_definitions    = jsonencode([merge(local.container, { image = "${var.image.repository}:${var.image.release}" })])

  runtime_platform {
    operating_system_family = local.task_definition.runtimePlatform.operatingSystemFamily
    cpu_architecture        = local.task_definition.runtimePlatform.cpuArchitecture
  }

  lifecycle {
    # What runs is the release's from the first release on; what changes here comes with the next one.
    ignore_changes = all
  }
}

resource "aws_ecs_service" "this" {
  name            = local.service
  cluster         = aws_ecs_cluster.this.arn
  task_definition = aws_ecs_task_definition.first.arn
  desired_count   = var.tasks.least
  launch_type     = "FARGATE"

  # Every new one answers before an old one is told to stop.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  availability_zone_rebalancing      = "ENABLED"
  propagate_tags                     = "SERVICE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.network.subnet_ids
    security_groups  = concat(var.network.security_group_ids, [aws_security_group.tasks.id])
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = local.container.name
    container_port   = local.port
  }

  lifecycle {
    # Releases and the scaling below.
    ignore_changes = [task_definition, desired_count]
  }

  # A target group that no listener leads to is refused; and a task needs its rights until it is gone.
  depends_on = [aws_lb_listener.this, aws_iam_role_policy.start, aws_iam_role_policy.task]
}
