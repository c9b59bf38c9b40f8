data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  machine   = "${var.name}-spark"
  emr       = var.engine == "emr"
  partition = data.aws_partition.current.partition
  place     = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"

  # Written out rather than read from the resources: the roles name the machine and the job, which themselves need a role.
  machine_arn = "arn:${local.partition}:states:${local.place}:stateMachine:${local.machine}"
  job_arn     = "arn:${local.partition}:glue:${local.place}:job/${local.machine}"
  code        = "s3://${var.artifacts.bucket}/${var.artifacts.folder}/"
  lake        = "s3://${var.lake.bucket}/${var.lake.prefix}"

  # What the job is told besides the batch and the release.
  arguments = [
    "--lake", local.lake, "--host", var.database.host, "--port", tostring(var.database.port), "--database", var.database.name,
    "--login", var.database.login, "--password-parameter", regex("parameter(/.+)$", var.database.parameter_arn)[0],
    "--environment", var.environment,
    # When the engine ends it: before that, the job writes into the ledger that its time is over.
    "--time-limit-s", tostring(var.limits.timeout_s),
  ]

  settings = {
    engine    = var.engine
    code      = local.code
    arguments = local.arguments
    timeout_s = var.limits.timeout_s
    retries   = var.limits.tries - 1
    workers   = var.limits.workers
    disk_gb   = var.limits.disk_gb
    topic     = var.topic_arn
    role      = aws_iam_role.job.arn
    log_group = join(" and ", [for group in aws_cloudwatch_log_group.job : group.name])
    target    = local.emr ? aws_emrserverless_application.this[0].id : aws_glue_job.this[0].name
  }
}

locals {
  # Groups of the environment's name, as roles are held to it. Glue writes to two, and is told what they begin with.
  logs_of_glue = "/aws/glue/${local.machine}"
  logs = local.emr ? { job = "/aws/emr-serverless/${local.machine}" } : {
    output = "${local.logs_of_glue}/output"
    error  = "${local.logs_of_glue}/error"
  }
}

resource "aws_cloudwatch_log_group" "job" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; lines name batches and states, never rows
  #checkov:skip=CKV_AWS_338:How long is the environment's choice (log_days); the ledger keeps every batch's history
  for_each = local.logs

  name              = each.value
  retention_in_days = var.log_days
}

moved {
  from = aws_cloudwatch_log_group.job
  to   = aws_cloudwatch_log_group.job["job"]
}

resource "aws_emrserverless_application" "this" {
  count = local.emr ? 1 : 0

  name          = local.machine
  type          = "SPARK"
  release_label = var.emr_release
  architecture  = "ARM64"

  # It starts with the first job and stops by itself: nothing is paid in between.
  auto_start_configuration {
    enabled = true
  }

  auto_stop_configuration {
    enabled              = true
    idle_timeout_minutes = var.limits.idle_minutes
  }

  # The driver and the executors, four cores, 16 GB and their disk each, and room for one more job's driver.
  maximum_capacity {
    cpu    = "${(var.limits.workers + 2) * 4} vCPU"
    memory = "${(var.limits.workers + 2) * 18} GB"
    disk   = "${(var.limits.workers + 2) * var.limits.disk_gb} GB"
  }

  network_configuration {
    subnet_ids         = var.network.subnet_ids
    security_group_ids = var.network.security_group_ids
  }
}

resource "aws_glue_connection" "this" {
  count = local.emr ? 0 : 1

  name            = local.machine
  connection_type = "NETWORK"

  physical_connection_requirements {
    availability_zone      = var.network.availability_zone
    security_group_id_list = var.network.security_group_ids
    subnet_id              = var.network.subnet_ids[0]
  }
}

resource "aws_glue_job" "this" {
  #checkov:skip=CKV_AWS_195:Logs go to a group that CloudWatch encrypts, and data to buckets that encrypt by themselves
  count = local.emr ? 0 : 1

  name              = local.machine
  role_arn          = aws_iam_role.job.arn
  glue_version      = "5.0"
  worker_type       = "G.1X"
  number_of_workers = var.limits.workers
  timeout           = var.limits.timeout_s / 60
  connections       = [aws_glue_connection.this[0].name]

  # Several batches side by side; each is a job run of its own.
  execution_property {
    max_concurrent_runs = 4
  }

  command {
    name = "glueetl"
    # Each run names its release's own; this is what a run by hand finds.
    script_location = "${local.code}latest/spark/job.py"
    python_version  = "3"
  }

  default_arguments = {
    "--custom-logGroup-prefix"    = local.logs_of_glue
    "--additional-python-modules" = "pg8000==1.31.2,scramp==1.4.5,zstandard==0.25.0"
  }
}
