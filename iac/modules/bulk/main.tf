data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  base      = "${var.name}-load"
  partition = data.aws_partition.current.partition
  place     = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"

  # Where tasks run. Whoever waits for an urgent load must not wait for a Spot task that was taken away.
  environments = { for key, environment in {
    spot      = { type = "FARGATE_SPOT", vcpus = var.max_vcpus.spot }
    on-demand = { type = "FARGATE", vcpus = var.max_vcpus.on_demand }
  } : key => environment if environment.vcpus > 0 }

  # Higher is looked at first, where queues share an environment.
  priorities = { urgent = 100, small = 50, large = 10 }
  queues     = { for size in keys(local.priorities) : size => "${local.base}-${size}" }
  orders     = { for size in keys(local.priorities) : size => size == "urgent" || var.max_vcpus.spot == 0 ? ["on-demand"] : ["spot", "on-demand"] }

  # Written out rather than read from the queues: the function that submits has its statements before they are there.
  queue_arns = { for size, queue in local.queues : size => "arn:${local.partition}:batch:${local.place}:job-queue/${queue}" }

  # The most tasks at once, were all of them of the size with the fewest processors.
  smallest = min([for size in var.sizes : size.vcpus]...)
  tasks    = floor(var.max_vcpus.spot / local.smallest) + floor(var.max_vcpus.on_demand / local.smallest)
}

resource "aws_cloudwatch_log_group" "tasks" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; lines hold no rows, so a customer key would protect nothing more
  #checkov:skip=CKV_AWS_338:How long is the environment's choice (log_days); what was loaded is in the ledger, not in the log

  name              = "/aws/batch/${local.base}"
  retention_in_days = var.log_days
}

resource "aws_batch_compute_environment" "this" {
  for_each = local.environments

  name = "${local.base}-${each.key}"
  type = "MANAGED"

  compute_resources {
    type               = each.value.type
    max_vcpus          = each.value.vcpus
    subnets            = var.network.subnet_ids
    security_group_ids = var.network.security_group_ids
  }
}

resource "aws_batch_job_queue" "this" {
  for_each = local.queues

  name     = each.value
  state    = "ENABLED"
  priority = local.priorities[each.key]

  dynamic "compute_environment_order" {
    for_each = { for at, environment in local.orders[each.key] : at + 1 => environment }

    content {
      order               = compute_environment_order.key
      compute_environment = aws_batch_compute_environment.this[compute_environment_order.value].arn
    }
  }

  # A job at the head that asks for more than there can ever be would hold up all behind it. Batch looks for this every
  # ten minutes; the message of the load comes again.
  dynamic "job_state_time_limit_action" {
    for_each = ["MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"]

    content {
      action           = "CANCEL"
      max_time_seconds = 600
      reason           = job_state_time_limit_action.value
      state            = "RUNNABLE"
    }
  }
}
