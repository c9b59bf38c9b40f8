# The lane for large loads, where an environment has it.

module "bulk" {
  source = "../modules/bulk"
  count  = var.bulk == null ? 0 : 1

  name         = local.name
  network      = { subnet_ids = local.network.subnet_ids, security_group_ids = local.network.security_group_ids }
  repository   = "${local.registry}/task"
  architecture = var.architecture
  max_vcpus    = var.bulk.max_vcpus
  sizes        = var.bulk.sizes
  statements   = local.statements.task
  log_days     = var.log_days

  # The same as the function that loads; what only a function has is not among it.
  variables = { for key, value in local.variables.intake : key => value if !can(regex("^WAYBILL_(BULK|SPARK)_", key)) }

  # What Terraform makes is tagged by the provider.
  tags = { project = var.prefix, environment = local.environment }

  # By its one output: what watches the database counts with this module's tasks.
  alarms = var.alarms == null ? null : { topic_arn = module.observability[0].topic_arn, runbook = "${trimsuffix(var.runbooks, "/")}/batches-failed.md" }

  permissions_boundary = local.boundary
}

locals {
  # Where images are: iac/bootstrap makes the repositories.
  registry = "${local.account}.dkr.ecr.${var.region}.amazonaws.com/${var.prefix}"

  # Names of queues and definitions, written out as modules/bulk does: the function that submits is made before they are.
  bulk_sizes = var.bulk == null ? [] : ["small", "large", "urgent"]
  bulk_variables = merge([for size in local.bulk_sizes : {
    "WAYBILL_BULK_QUEUE_${upper(size)}" = "${local.name}-load-${size}"
    # The release's own: a hyphen and its first twelve characters follow.
    "WAYBILL_BULK_JOB_${upper(size)}" = "${local.name}-load-${size}"
  }]...)
  batch = "arn:${local.partition}:batch:${var.region}:${local.account}"
  bulk_statements = var.bulk == null ? [] : [
    {
      sid       = "HandOver"
      actions   = ["batch:SubmitJob"]
      resources = concat([for size in local.bulk_sizes : "${local.batch}:job-queue/${local.name}-load-${size}"], ["${local.batch}:job-definition/${local.name}-load-*"])
    },
  ]
  bulk_rule_arn = "arn:${local.partition}:events:${var.region}:${local.account}:rule/${local.name}-load-failed"
}
