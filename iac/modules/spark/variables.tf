variable "name" {
  description = "What names begin with: `waybill-dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 38
    error_message = "The name must be lower-case letters, digits and single hyphens, a letter first, and at most 38 characters."
  }
}

variable "environment" {
  description = "The environment's name: what its batches are counted under, as those of the functions are."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.name, "-${var.environment}")
    error_message = "The name must end in the environment: no alarm would count its batches."
  }
}

variable "engine" {
  description = "What runs the job: `emr`, EMR Serverless, which costs nothing between jobs and starts within a minute or two; or `glue`, for those whose account has Glue and not EMR."
  type        = string
  default     = "emr"
  nullable    = false

  validation {
    condition     = contains(["emr", "glue"], var.engine)
    error_message = "The engine is emr or glue."
  }
}

variable "artifacts" {
  description = "Where releases lie: the bucket, and the folder in it. A release's job is in `<folder>/<release>/spark/`."
  type = object({
    bucket = string
    folder = optional(string, "releases")
  })
  nullable = false

  validation {
    condition     = contains(["releases", "previews"], var.artifacts.folder)
    error_message = "Code comes out of releases, or out of previews."
  }
}

variable "incoming" {
  description = "The ARN of the bucket that batches arrive in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::[a-z0-9.-]+$", var.incoming))
    error_message = "incoming is the bucket's ARN, without a key."
  }
}

variable "lake" {
  description = "Where Parquet goes: the bucket, and the prefix in it that is this environment's alone."
  type = object({
    bucket = string
    prefix = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*$", var.lake.prefix))
    error_message = "The prefix is lower-case words with slashes between them, none at its ends: everything below it is written and removed by the job."
  }
}

variable "key_arns" {
  description = "KMS keys of one's own that the buckets or the password are encrypted with. None: those that AWS manages."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "database" {
  description = "Where rows go: host, port, database, the loader's login, and the ARN of the SSM parameter that holds its password."
  type = object({
    host          = string
    port          = optional(number, 5432)
    name          = string
    login         = string
    parameter_arn = string
  })
  nullable = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/.+$", var.database.parameter_arn))
    error_message = "parameter_arn is the ARN of the SSM parameter with the loader's password."
  }
}

variable "network" {
  description = "Where the job runs, which is where the database lets it in: subnets with a way to S3, SSM and logs, and security groups. Glue takes the first subnet."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
    availability_zone  = optional(string)
  })
  nullable = false

  validation {
    condition     = length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0
    error_message = "The job needs a subnet and a security group."
  }

  validation {
    condition     = var.engine != "glue" || var.network.availability_zone != null
    error_message = "Glue wants to be told the zone of its subnet: set network.availability_zone."
  }
}

variable "limits" {
  description = <<-EOT
    What a job may take. `workers`: executors at most, which also bounds the sessions with the database: one for each of
    their four cores. `timeout_s`: when a job is stopped. `tries`: how often it is begun. `idle_minutes`: how long the
    application waits for another job before it stops. `disk_gb`: each worker's disk on EMR, on which packed content is
    unpacked: that of one batch has to fit on one.
  EOT
  type = object({
    workers      = optional(number, 8)
    timeout_s    = optional(number, 14400)
    tries        = optional(number, 3)
    idle_minutes = optional(number, 5)
    disk_gb      = optional(number, 100)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.limits.workers >= 2 && var.limits.workers <= 100 && floor(var.limits.workers) == var.limits.workers
    error_message = "A job has 2 to 100 workers: each keeps up to four sessions with the database."
  }

  validation {
    condition     = var.limits.timeout_s >= 600 && var.limits.timeout_s <= 86400 && var.limits.timeout_s % 60 == 0
    error_message = "A job may take ten minutes to a day, in whole minutes."
  }

  validation {
    condition     = var.limits.tries >= 1 && var.limits.tries <= 5 && floor(var.limits.tries) == var.limits.tries
    error_message = "A job is begun 1 to 5 times."
  }

  validation {
    condition     = var.limits.idle_minutes >= 1 && var.limits.idle_minutes <= 60
    error_message = "The application stops after 1 to 60 idle minutes: it costs while it waits."
  }

  validation {
    condition     = var.limits.disk_gb >= 20 && var.limits.disk_gb <= 200 && floor(var.limits.disk_gb) == var.limits.disk_gb
    error_message = "A worker of EMR Serverless has 20 to 200 GB of disk."
  }
}

variable "emr_release" {
  description = "The release of EMR: Spark 3.5 and Python 3.9."
  type        = string
  default     = "emr-7.12.0"
  nullable    = false

  validation {
    condition     = can(regex("^emr-7\\.[0-9]+\\.[0-9]+$", var.emr_release))
    error_message = "The job is tested with Spark 3.5, which the releases emr-7.* have."
  }
}

variable "topic_arn" {
  description = "The topic that is told of a job that failed for good. Null: nobody; the state machine's own alarms remain."
  type        = string
  default     = null
}

variable "log_days" {
  description = "How long logs are kept, in days."
  type        = number
  default     = 30
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the roles, where the deploying role must set one. Null: none."
  type        = string
  default     = null
}
