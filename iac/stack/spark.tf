# The lane for what one machine should not load, where an environment has it.

module "spark" {
  source = "../modules/spark"
  count  = var.spark == null ? 0 : 1

  name        = local.name
  environment = local.environment
  artifacts   = local.artifacts
  incoming    = local.incoming
  lake        = { bucket = module.storage.buckets["curated"].name, prefix = local.lake_prefix }
  network     = { subnet_ids = local.network.subnet_ids, security_group_ids = local.network.security_group_ids }
  limits      = var.spark.limits
  topic_arn   = try(module.observability[0].topic_arn, null)
  log_days    = var.log_days

  database = {
    host          = local.server.host
    port          = local.server.port
    name          = local.database
    login         = "${local.database}_loader"
    parameter_arn = module.credentials.arns["loader"]
  }

  permissions_boundary = local.boundary
}

locals {
  lake_prefix = "lake"

  # Written out as modules/spark does: the function that starts it is made before it is.
  spark_arn       = "arn:${local.partition}:states:${var.region}:${local.account}:stateMachine:${local.name}-spark"
  spark_variables = var.spark == null ? {} : { WAYBILL_SPARK_MACHINE = local.spark_arn, WAYBILL_SPARK_LANE_BYTES = tostring(var.spark.from_gb * 1073741824) }
  spark_statements = var.spark == null ? [] : [
    { sid = "StartSpark", actions = ["states:StartExecution"], resources = [local.spark_arn] },
    # Whether a batch's job has ended.
    { sid = "FollowSpark", actions = ["states:DescribeExecution"], resources = ["${replace(local.spark_arn, ":stateMachine:", ":execution:")}:*"] },
  ]
}
