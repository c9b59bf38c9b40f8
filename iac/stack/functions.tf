# The functions. Which there are, and how large, is the environment's file's business; what each is told and may do
# stands here, one statement a purpose.

locals {
  descriptions = {
    intake    = "Loads batches from the queue into the database."
    api       = "Answers HTTP."
    migrate   = "Brings the database to a release's schema; does what its owner does."
    provision = "Makes databases on the server, with their owners."
    janitor   = "Stops and starts the database server outside and inside hours."
    release   = "Judges a release's new versions, makes requests to them, and removes old ones."
  }

  # crates/platform/src/settings.rs reads these. Nothing secret is among them.
  common_variables = merge(
    {
      WAYBILL_ENVIRONMENT   = local.environment
      WAYBILL_PARAMETERS    = local.parameters
      WAYBILL_DATABASE_HOST = local.server.host
      WAYBILL_DATABASE_PORT = tostring(local.server.port)
      WAYBILL_DATABASE_NAME = local.database
      WAYBILL_DATABASE_TLS  = local.server.tls ? "verify" : "off"
    },
    local.server.tls ? { WAYBILL_DATABASE_CA = "/var/task/rds.pem" } : {},
    local.server.replica == null ? {} : {
      WAYBILL_DATABASE_REPLICA_HOST = local.server.replica
      WAYBILL_DATABASE_REPLICA_PORT = tostring(local.server.port)
    },
  )

  variables = {
    intake = merge(local.common_variables, {
      WAYBILL_INCOMING_BUCKET     = module.storage.buckets["incoming"].name
      WAYBILL_INTAKE_QUEUE_URL    = module.intake.queue.url
      WAYBILL_LOADS_QUEUE_URL     = module.intake.loads.url
      WAYBILL_FUNCTION_LANE_BYTES = tostring(var.intake.lane_bytes)
      WAYBILL_FUNCTION_UNDO_ROWS  = tostring(var.intake.undo_rows)
      WAYBILL_LEASE_SECONDS       = tostring(var.intake.lease_s)
    }, local.bulk_variables, local.spark_variables)
    api = merge(local.common_variables, {
      WAYBILL_INCOMING_BUCKET = module.storage.buckets["incoming"].name
      WAYBILL_LOADS_QUEUE_URL = module.intake.loads.url
      WAYBILL_PUBLIC_RATES    = tostring(var.api.public_rates)
    })
    migrate = local.common_variables
    provision = merge(local.common_variables, {
      WAYBILL_PREFIX         = var.prefix
      WAYBILL_DATABASE_ADMIN = local.server.admin
    })
    janitor = {
      WAYBILL_DATABASE_SERVERS = join(",", flatten([
        for server in module.database : compact([server.identifier, try(server.replica.identifier, null)])
      ]))
    }
    release = { WAYBILL_ENVIRONMENT = local.environment }
  }

  incoming         = module.storage.buckets["incoming"].arn
  parameter_prefix = "arn:${local.partition}:ssm:${var.region}:${local.account}:parameter"
  # Every function of the environment. Written out: the functions themselves are made with this.
  all_functions = "arn:${local.partition}:lambda:${var.region}:${local.account}:function:${local.name}-*"
  # A version's name is a number: neither a whole function nor an alias nor $LATEST is among these.
  all_versions = [for digit in range(1, 10) : "${local.all_functions}:${digit}*"]

  statements = {
    intake = [
      { sid = "Password", actions = ["ssm:GetParameter"], resources = [module.credentials.arns["loader"]] },
      { sid = "Objects", actions = ["s3:GetObject", "s3:GetObjectVersion"], resources = ["${local.incoming}/*"] },
      # Without it an object that was deleted looks like one that must not be read.
      { sid = "MissingObjects", actions = ["s3:ListBucket"], resources = [local.incoming] },
      {
        sid       = "Messages"
        actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        resources = [module.intake.queue.arn, module.intake.loads.arn]
      },
      { sid = "AskForLoads", actions = ["sqs:SendMessage"], resources = [module.intake.loads.arn] },
    ]
    # A load as a task: what the function may, but for the messages, which stay the function's.
    task = [
      { sid = "Password", actions = ["ssm:GetParameter"], resources = [module.credentials.arns["loader"]] },
      { sid = "Objects", actions = ["s3:GetObject", "s3:GetObjectVersion"], resources = ["${local.incoming}/*"] },
      { sid = "MissingObjects", actions = ["s3:ListBucket"], resources = [local.incoming] },
    ]
    api = [
      { sid = "Passwords", actions = ["ssm:GetParameter"], resources = [module.credentials.arns["api"], module.credentials.arns["reader"]] },
      # What it writes lies under <dataset>/api/<batch id>/; presigned addresses are good for as much.
      { sid = "Uploads", actions = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], resources = ["${local.incoming}/*/api/*"] },
      # Whether what is to be replayed is still there.
      { sid = "Objects", actions = ["s3:GetObject", "s3:GetObjectVersion"], resources = ["${local.incoming}/*"] },
      { sid = "MissingObjects", actions = ["s3:ListBucket"], resources = [local.incoming] },
      { sid = "Orders", actions = ["sqs:SendMessage"], resources = [module.intake.loads.arn] },
    ]
    migrate = [
      { sid = "Passwords", actions = ["ssm:GetParameter"], resources = values(module.credentials.arns) },
    ]
    provision = [
      {
        sid     = "Passwords"
        actions = ["ssm:GetParameter"]
        resources = concat(
          ["${local.parameter_prefix}${local.parameters}/database/admin/password", module.credentials.arns["owner"]],
          # Previews' databases lie on this server; their own functions never see its administrator's password.
          try(var.server.own.takes_previews, false) ? ["${local.parameter_prefix}/${var.prefix}/pr-*/database/owner/password"] : [],
        )
      },
    ]
    janitor = [
      {
        sid       = "Server"
        actions   = ["rds:DescribeDBInstances", "rds:StartDBInstance", "rds:StopDBInstance"]
        resources = ["arn:${local.partition}:rds:${var.region}:${local.account}:db:${local.name}", "arn:${local.partition}:rds:${var.region}:${local.account}:db:${local.name}-replica"]
      },
    ]
    release = [
      { sid = "Versions", actions = ["lambda:DeleteFunction", "lambda:InvokeFunction"], resources = local.all_versions },
      { sid = "ListVersions", actions = ["lambda:ListAliases", "lambda:ListVersionsByFunction"], resources = [local.all_functions] },
    ]
  }

  # What AWS has no narrower resource for.
  unnamed = merge({ for function in keys(var.functions) : function => [] }, {
    release = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"]
    # Whether a batch was handed over already.
    intake = var.bulk == null ? [] : ["batch:ListJobs"]
  })

  # What functions begin with. A preview's role may publish beside releases only, so that no other environment ever takes
  # its code.
  artifacts = {
    bucket = coalesce(var.artifact_bucket, "${var.prefix}-artifacts")
    folder = local.preview ? "previews" : "releases"
  }
}

module "function" {
  source   = "../modules/function"
  for_each = var.functions

  name                 = "${local.name}-${each.key}"
  description          = local.descriptions[each.key]
  architecture         = var.architecture
  memory_mb            = each.value.memory_mb
  scratch_mb           = each.value.scratch_mb
  timeout_s            = each.value.timeout_s
  reserved_concurrency = each.value.reserved_concurrency
  variables            = local.variables[each.key]
  statements           = concat(local.statements[each.key], each.key == "intake" ? concat(local.bulk_statements, local.spark_statements) : [])
  unnamed_actions      = local.unnamed[each.key]
  # These two talk to AWS only.
  network        = contains(["janitor", "release"], each.key) ? null : local.network
  log_days       = var.log_days
  tracing        = var.tracing
  on_failure_arn = each.key == "janitor" ? module.janitor[0].dead_letters.arn : null

  code = {
    bucket = local.artifacts.bucket
    key    = "${local.artifacts.folder}/${var.release}/${each.key}.zip"
  }

  permissions_boundary = local.boundary
}
