# What every environment says about itself is in environments/<name>.tfvars; what all of them share, in
# environments/common.tfvars.

variable "environment" {
  description = "Whose file this is: dev, staging, prod, preview or local. A preview's name is its workspace, pr-<number>."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["dev", "staging", "prod", "preview", "local"], var.environment)
    error_message = "An environment is one of dev, staging, prod, preview, local."
  }
}

variable "prefix" {
  description = "What every name begins with. Bucket names are unique in the world: choose your own."
  type        = string
  nullable    = false

  validation {
    # The same rule as in iac/bootstrap.
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.prefix)) && !can(regex("--|-(dev|staging|prod|pr)$", var.prefix))
    error_message = "The prefix is 3 to 20 lower-case letters, digits and single hyphens, begins with a letter and does not end in the name of an environment."
  }
}

variable "region" {
  description = "The AWS region of everything in the environment."
  type        = string
  nullable    = false
}

variable "emulated" {
  description = "The provider talks to an emulator of AWS, whose address is in AWS_ENDPOINT_URL."
  type        = bool
  default     = false
  nullable    = false
}

variable "architecture" {
  description = "What the functions are built for: arm64, or x86_64 on a machine of one's own."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "release" {
  description = "The release that functions begin with when they are made, as it was uploaded: releases/<release>/ in the artifact bucket. From then on releases move the code, and a change here changes nothing."
  type        = string
  nullable    = false
}

variable "artifact_bucket" {
  description = "Where releases are uploaded to; null: <prefix>-artifacts, which iac/bootstrap makes."
  type        = string
  default     = null
}

variable "runbooks" {
  description = "Where docs/runbooks can be read: the address that alarms link to."
  type        = string
  nullable    = false
}

variable "network" {
  description = "The network: `own` makes one, `shared_with` uses the one of another environment, null leaves the functions outside any."
  type = object({
    own = optional(object({
      cidr           = optional(string, "10.20.0.0/16")
      zones          = optional(number, 2)
      endpoint_zones = optional(number)
      nat            = optional(bool, false)
      flow_log_days  = optional(number)
    }))
    shared_with = optional(string)
  })
  default = null

  validation {
    condition     = var.network == null || length([for way in [try(var.network.own, null) != null, try(var.network.shared_with, null) != null] : way if way]) == 1
    error_message = "The network is either one's own or shared with an environment: say one of own and shared_with."
  }
}

variable "server" {
  description = "The database server: `own` makes one, `shared_with` puts a database into another environment's, `external` names one that somebody else runs (its administrator's password is in <parameters>/database/admin/password)."
  type = object({
    own = optional(object({
      engine_version = optional(string, "18")
      instance_class = string
      storage_gb     = object({ initial = number, maximum = number })
      multi_az       = optional(bool, false)
      replica        = optional(object({ instance_class = string }))
      backup_days    = number
      protected      = bool
      # The server takes IAM's tokens as well. The functions still log in with passwords.
      iam_authentication = optional(bool, false)
      insights_days      = optional(number, 7)
      windows            = optional(object({ backup = optional(string), maintenance = optional(string) }), {})
      # Previews may put their databases into it.
      takes_previews = optional(bool, false)
    }))
    shared_with = optional(string)
    external    = optional(object({ host = string, port = number, admin = string }))
  })
  nullable = false

  validation {
    condition     = length([for way in [var.server.own != null, var.server.shared_with != null, var.server.external != null] : way if way]) == 1
    error_message = "The database server is one's own, shared or external: say exactly one of own, shared_with, external."
  }
}

variable "functions" {
  description = "Size and limits of each function that the environment has. `reserved_concurrency` is what bounds the sessions on the database; null: unlimited."
  type = map(object({
    memory_mb            = number
    scratch_mb           = optional(number, 512)
    timeout_s            = number
    reserved_concurrency = optional(number)
  }))
  nullable = false

  validation {
    condition     = length(setsubtract(["intake", "api", "migrate", "release"], keys(var.functions))) == 0 && length(setsubtract(keys(var.functions), ["intake", "api", "migrate", "release", "provision", "janitor"])) == 0
    error_message = "Every environment has the functions intake, api, migrate and release, and may have provision and janitor; there are no others."
  }

  validation {
    condition     = contains(keys(var.functions), "provision") == (var.server.shared_with == null)
    error_message = "The function provision belongs to the environments that have a database server, their own or an external one, and to no other."
  }

  validation {
    condition     = contains(keys(var.functions), "janitor") == (var.hours != null)
    error_message = "The function janitor and the hours that it keeps belong together."
  }
}

variable "intake" {
  description = "The way of a file to the intake function: the queues' times and tries, how many loads run at once (`maximum_concurrency`), how arrivals are written down (`incoming`), how often it is asked for what waits (`next_minutes`), what the function lane takes, and the most rows of a batch that the function undoes where there are tasks (`undo_rows`)."
  type = object({
    maximum_concurrency = number
    visibility_s        = number
    incoming = optional(object({
      batch_size          = optional(number, 10)
      window_s            = optional(number, 0)
      maximum_concurrency = optional(number, 2)
    }), {})
    next_minutes            = optional(number, 5)
    max_receive_count       = optional(number, 20)
    retention_s             = optional(number, 345600)
    dead_letter_retention_s = optional(number, 1209600)
    lane_bytes              = optional(number, 4294967296)
    undo_rows               = optional(number, 20000000)
    lease_s                 = optional(number, 30)
  })
  nullable = false

  validation {
    # What Lambda takes from a queue and then cannot run counts as a try.
    condition     = coalesce(try(var.functions["intake"].reserved_concurrency, null), 1000) >= var.intake.maximum_concurrency + var.intake.incoming.maximum_concurrency
    error_message = "The function intake's reserved_concurrency must be enough for intake.maximum_concurrency and intake.incoming.maximum_concurrency together."
  }
}

variable "api" {
  description = "The HTTP API: whether rates may be read without a key, limits on requests (null: the account's), browsers' origins, a domain of one's own."
  type = object({
    public_rates = optional(bool, false)
    throttle     = optional(object({ rate = number, burst = number }))
    cors         = optional(object({ origins = list(string), max_age_s = optional(number, 600) }))
    domain       = optional(object({ name = string, certificate_arn = string, zone_id = string }))
  })
  default  = {}
  nullable = false
}

variable "bulk" {
  description = "The lane for large loads, as tasks on Fargate: the most processors at once on Spot and on demand, and the classes of size as modules/bulk has them. Null: there is none, and what exceeds intake.lane_bytes fails."
  type = object({
    max_vcpus = object({ spot = number, on_demand = number })
    sizes = optional(map(object({
      vcpus      = number
      memory_mb  = number
      scratch_gb = number
      timeout_s  = number
      attempts   = optional(number, 3)
    })))
  })
  default = null

  validation {
    condition     = var.bulk == null ? true : var.network != null
    error_message = "Tasks run inside a network: an environment without one has no bulk."
  }
}

variable "spark" {
  description = "The lane for what one machine should not load, as jobs of EMR Serverless: from how many GiB of content on a batch is for it (64 at most, since no task takes more), and what a job may take, as modules/spark has it. Parquet goes to the environment's bucket `curated`. Null: there is none, and the task lane takes all."
  type = object({
    from_gb = optional(number, 64)
    limits = optional(object({
      workers      = optional(number, 8)
      timeout_s    = optional(number, 14400)
      tries        = optional(number, 3)
      idle_minutes = optional(number, 5)
      disk_gb      = optional(number, 100)
    }), {})
  })
  default = null

  validation {
    # Where the roles that jobs run with can be made: a preview's boundary has nothing of them.
    condition     = var.spark == null ? true : try(var.network.own, null) != null
    error_message = "Jobs of Spark run in a network of the environment's own: an environment without one has no spark."
  }

  validation {
    condition     = var.spark == null ? true : var.spark.from_gb >= 1 && var.spark.from_gb <= 64 && floor(var.spark.from_gb) == var.spark.from_gb
    error_message = "from_gb is a whole number of GiB from 1 to 64: beyond 64 GiB the task lane refuses the content, so that a larger batch would load nowhere."
  }

  validation {
    condition     = var.spark == null ? true : var.spark.from_gb * 1073741824 > var.intake.lane_bytes
    error_message = "from_gb is more than intake.lane_bytes: what a function loads in minutes waits longer for Spark to start."
  }
}

variable "service" {
  description = "The API as containers behind a load balancer instead of the function: how many tasks, how large, how many requests a minute each is meant to have, and the certificate that the balancer shows to the gateway, with the name that is on it. Null: the function answers."
  type = object({
    certificate         = object({ arn = string, name = string })
    tasks               = object({ least = number, most = number })
    size                = optional(object({ cpu = number, memory_mb = number }))
    requests_per_minute = optional(number, 6000)
  })
  default = null

  validation {
    condition     = var.service == null ? true : try(var.network.own, null) != null
    error_message = "The service stands in a network of the environment's own."
  }

  validation {
    # One zone may be away at any time.
    condition     = var.service == null || var.environment != "prod" ? true : var.service.tasks.least >= 2 && try(var.network.own.zones, 0) >= 2
    error_message = "In prod there are at least two tasks, in at least two zones."
  }
}

variable "releases" {
  description = "How careful a release is unless it is started otherwise: the steps on the way to all of the traffic (`weight`: percent for the new version; `wait_s`: how long at least; `longest_s`: when it is decided at last; `minimum`: requests that a judgement takes; no steps: all at once), and how many versions of each function are kept."
  type = object({
    steps = optional(list(object({
      weight    = number
      wait_s    = number
      longest_s = number
      minimum   = number
    })), [])
    keep_versions = optional(number, 5)
  })
  default  = {}
  nullable = false

  # As in modules/release, so that the error points at the environment's file.
  validation {
    condition     = alltrue([for step in var.releases.steps : step.weight >= 1 && step.weight <= 99 && floor(step.weight) == step.weight])
    error_message = "A step's weight is 1 to 99 percent; all of the traffic is the end, not a step."
  }

  validation {
    condition     = alltrue([for at, step in var.releases.steps : at == 0 ? true : step.weight > var.releases.steps[at - 1].weight])
    error_message = "Each step must give the new version more traffic than the one before."
  }

  validation {
    condition     = alltrue([for step in var.releases.steps : step.wait_s >= 1 && step.longest_s >= step.wait_s && floor(step.wait_s) == step.wait_s && floor(step.longest_s) == step.longest_s])
    error_message = "A step waits at least a second, and longest_s is not shorter than wait_s; both are whole seconds."
  }

  validation {
    condition     = sum(concat([0], var.releases.steps[*].longest_s)) <= 14400
    error_message = "All steps together must take at most 14400 s, by their longest_s: the machine ends after six hours, and a release is more than its steps."
  }
}

variable "storage" {
  description = "The buckets: how long things are kept (`keep_reports`: in the bucket that later lanes write reports to; today's are in the database), in which tiers, whether they may be destroyed with what is in them, and in which other region there are copies."
  type = object({
    destroyable  = bool
    keep_reports = optional(number, 365)
    incoming = optional(object({
      keep_days    = optional(number)
      tiers        = optional(list(object({ after_days = number, class = string })), [])
      acceleration = optional(bool, false)
      cors_origins = optional(list(string), [])
    }), {})
    copies      = optional(object({ region = string, of = optional(set(string), ["incoming", "reports"]) }))
    access_logs = optional(bool, true)
  })
  nullable = false
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
  nullable    = false
}

variable "tracing" {
  description = "Whether functions send traces to X-Ray."
  type        = bool
  default     = true
  nullable    = false
}

variable "emails" {
  description = "Who is told of alarms and of budgets, by mail."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "alarms" {
  description = "Whether there is a dashboard beside the alarms. null: no alarms (a preview)."
  type        = object({ dashboard = optional(bool, true) })
  default     = null
}

variable "hours" {
  description = "When the database server runs, as cron(…) in a time zone; outside the janitor stops it. null: always."
  type        = object({ start = string, stop = string, timezone = string })
  default     = null
}

variable "budget" {
  description = "What the environment may cost a month. null: no budget."
  type        = object({ monthly_usd = number })
  default     = null
}
