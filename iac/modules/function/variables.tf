variable "name" {
  description = "The function's whole name, as `waybill-dev-intake`. Its role has the same."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,63}$", var.name))
    error_message = "A function's name is at most 64 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "description" {
  description = "What the function is for, in one sentence."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.description) <= 256
    error_message = "Lambda takes at most 256 characters."
  }
}

variable "architecture" {
  description = "What the code is built for: `arm64` or `x86_64`."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "The architecture is arm64 or x86_64."
  }
}

variable "memory_mb" {
  description = "Memory, and with it CPU: one core at 1,769 MB."
  type        = number
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "Lambda gives 128 to 10,240 MB."
  }
}

variable "scratch_mb" {
  description = "The disk behind /tmp. What is more than 512 MB is paid by the second, like memory, at about a hundredth of its price."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.scratch_mb >= 512 && var.scratch_mb <= 10240 && floor(var.scratch_mb) == var.scratch_mb
    error_message = "Lambda gives 512 to 10,240 MB."
  }
}

variable "timeout_s" {
  description = "When Lambda ends an invocation."
  type        = number
  nullable    = false

  validation {
    condition     = var.timeout_s >= 1 && var.timeout_s <= 900 && floor(var.timeout_s) == var.timeout_s
    error_message = "An invocation takes 1 to 900 seconds."
  }
}

variable "reserved_concurrency" {
  description = "The most instances at once, taken out of the account's. This is what bounds the sessions on a database. Null: not bounded."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency >= 0 && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "Reserved concurrency is a whole number; null means none is reserved, 0 that the function does not run."
  }
}

variable "variables" {
  description = "The function's environment. Nothing secret: whoever may read the function's configuration reads these."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.variables) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", key))])
    error_message = "A variable's name has at least two letters, digits or underscores, and begins with a letter."
  }

  validation {
    condition = length(setintersection(keys(var.variables), [
      "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION",
      "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
      "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
      "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    ])) == 0
    error_message = "Lambda sets AWS_REGION, the credentials and its own variables itself and refuses them here."
  }

  validation {
    condition     = length(jsonencode(var.variables)) <= 4096
    error_message = "Lambda takes at most 4 KB of variables."
  }
}

variable "code" {
  description = "The zip that the function begins with. Used when it is created and never again: later code comes from releases."
  type = object({
    bucket = string
    key    = string
  })
  nullable = false
}

variable "statements" {
  description = "What the function may do besides writing its own log. A sid, actions and resources each, none of them `*`."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
    conditions = optional(list(object({
      test     = string
      variable = string
      values   = list(string)
    })), [])
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue(flatten([
      for statement in var.statements : [
        for resource in statement.resources : !can(regex("^(\\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:\\*)$", resource))
      ]
    ]))
    error_message = "Name the resources: neither `*` nor an ARN that is all of a service's, as `arn:aws:s3:::*`."
  }

  validation {
    condition = alltrue(flatten([
      for statement in var.statements : [
        for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Z][A-Za-z0-9]*\\*?$", action))
      ]
    ]))
    error_message = "Name the actions, as `s3:GetObject`: neither `*` nor all of a service's."
  }

  validation {
    condition     = alltrue([for statement in var.statements : length(statement.actions) > 0 && length(statement.resources) > 0])
    error_message = "A statement has at least one action and one resource."
  }

  validation {
    condition = alltrue([for statement in var.statements : can(regex("^[A-Za-z0-9]+$", statement.sid))]) && (
      length(distinct(concat(var.statements[*].sid, local.own_sids))) == length(var.statements) + length(local.own_sids)
    )
    error_message = "A sid is letters and digits, is used once, and is none of those that the module uses itself."
  }
}

variable "unnamed_actions" {
  description = "What the function may do where AWS knows no resource to name: lists and figures, as `cloudwatch:DescribeAlarms` or `batch:ListJobs`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.unnamed_actions, ["batch:DescribeJobs", "batch:ListJobs", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"])) == 0
    error_message = "Only reads that AWS has no narrower resource for go without one; everything else is a statement that names its resources."
  }
}

variable "network" {
  description = <<-EOT
    Where the function's network interfaces are. Null: outside any VPC. `freed_to_security_group_ids`: groups that
    the interfaces are moved to when the function is destroyed, so that the function's own group can be destroyed
    without waiting the 20 to 60 minutes that Lambda keeps them.
  EOT
  type = object({
    subnet_ids                  = list(string)
    security_group_ids          = list(string)
    freed_to_security_group_ids = optional(list(string))
  })
  default = null

  validation {
    condition     = var.network == null ? true : length(var.network.subnet_ids) > 0 && length(var.network.security_group_ids) > 0
    error_message = "A function in a VPC needs at least one subnet and one security group; null keeps it outside."
  }

  validation {
    condition     = try(var.network.freed_to_security_group_ids, null) == null ? true : length(var.network.freed_to_security_group_ids) > 0
    error_message = "Name at least one group that interfaces are moved to, or leave it out."
  }
}

variable "log_days" {
  description = "How long log lines are kept."
  type        = number
  nullable    = false

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_days
    )
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "tracing" {
  description = "Send X-Ray traces. Off: traces that a caller began are still continued."
  type        = bool
  default     = true
  nullable    = false
}

variable "on_failure_arn" {
  description = "ARN of an SQS queue for events that the function failed on three times when it was invoked asynchronously. Null: they are dropped."
  type        = string
  default     = null

  validation {
    condition     = var.on_failure_arn == null ? true : can(regex("^arn:[^:]+:sqs:", var.on_failure_arn))
    error_message = "Failed events go to an SQS queue, given by its ARN."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the role, where the deploying role must set one. Null: none."
  type        = string
  default     = null
}
