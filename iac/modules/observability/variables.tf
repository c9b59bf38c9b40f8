variable "name" {
  description = "What names begin with: `waybill-dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "The name must be lower-case letters, digits and single hyphens, a letter first."
  }
}

variable "environment" {
  description = "The environment, as the functions name it in their metrics: `dev`."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.name, "-${var.environment}")
    error_message = "The name must end in the environment: other metrics would be watched than the ones that are written."
  }
}

variable "runbooks" {
  description = "The address of docs/runbooks, where people read it. Each alarm's description ends in the address of its page."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^ ]+$", var.runbooks))
    error_message = "The address of the runbooks must begin with https:// and hold no spaces."
  }
}

variable "emails" {
  description = "Who is told. Each address gets a mail to confirm first."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "Each must be an e-mail address."
  }
}

variable "functions" {
  description = "The functions: short name (`intake`) to whole name and timeout."
  type = map(object({
    name      = string
    timeout_s = number
  }))
  nullable = false

  validation {
    condition     = alltrue([for function in var.functions : function.timeout_s >= 1 && function.timeout_s <= 900])
    error_message = "A function's timeout is 1 to 900 seconds."
  }
}

variable "queue_name" {
  description = "The intake function's queue of what arrives."
  type        = string
  nullable    = false
}

variable "loads_queue_name" {
  description = "Its queue of what waits to be loaded."
  type        = string
  nullable    = false

  validation {
    condition     = var.loads_queue_name != var.queue_name
    error_message = "What arrives and what waits to be loaded are in two queues."
  }
}

variable "dead_letter_queue_name" {
  description = "Where messages of both go that were tried often enough."
  type        = string
  nullable    = false

  validation {
    condition     = !contains([var.queue_name, var.loads_queue_name], var.dead_letter_queue_name)
    error_message = "A queue and its dead-letter queue must be two queues."
  }
}

variable "janitor_dead_letter_queue_name" {
  description = "Where starts and stops of the databases go that could not be made; null where there is no janitor."
  type        = string
  default     = null
}

variable "api" {
  description = "The HTTP API: its id and the name of its stage."
  type = object({
    id    = string
    stage = string
  })
  nullable = false
}

variable "release" {
  description = "What brings releases out: the ARN of the state machine, and the name of the rule that starts it again when it was stopped."
  type = object({
    machine_arn = string
    rule        = string
  })
  nullable = false

  validation {
    condition     = can(regex(":stateMachine:[^:]+$", var.release.machine_arn))
    error_message = "The ARN must be a state machine's: metrics are found by it."
  }
}

variable "task_lane" {
  description = "Whether batches are loaded by tasks too: the dashboard shows that lane beside the functions'."
  type        = bool
  default     = false
  nullable    = false
}

variable "spark" {
  description = "What runs jobs of the Spark lane: the ARN of the state machine. Null where there is none."
  type        = object({ machine_arn = string })
  default     = null

  validation {
    condition     = var.spark == null ? true : can(regex(":stateMachine:[^:]+$", var.spark.machine_arn))
    error_message = "The ARN must be a state machine's: metrics are found by it."
  }
}

variable "service" {
  description = "The API's containers: how CloudWatch names their balancer and its targets, and how many must be ready. Null where the function answers."
  type = object({
    dimensions = object({ LoadBalancer = string, TargetGroup = string })
    least      = number
  })
  default = null
}

variable "announcing_rules" {
  description = "ARNs of rules that tell the topic of events beside the alarms'."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "database" {
  description = <<-EOT
    The database server, and how many sessions all functions together may open. `replica_identifier` is null where there
    is no replica. The whole is null where the server is another environment's, which watches it.
  EOT
  type = object({
    identifier         = string
    replica_identifier = optional(string)
    connections_budget = number
  })
  default = null

  validation {
    condition     = try(var.database.connections_budget, 1) >= 1
    error_message = "The budget of sessions must be at least 1."
  }
}

variable "thresholds" {
  description = <<-EOT
    Where alarms begin.
    `message_age_s`: the oldest message of either queue. `message_tries`: deliveries for each message, within 15 minutes.
    `failed_batches`: within 5 minutes. `rejected_batches`: within an hour, at least so many and so large a share.
    `function_errors`, `function_throttles`: within 5 minutes, each function. `function_duration_percent`: of its timeout.
    `api_errors`: within 5 minutes, at least so many and so large a share. `api_latency_ms`: of 99 requests in 100.
    `database_load`: sessions at work or waiting, on average. `database_connections_percent`: of the budget.
    `replica_lag_s`: above 300, since a replica counts up to that while nothing is written.
  EOT
  type = object({
    message_age_s                = optional(number, 1800)
    message_tries                = optional(number, 3)
    failed_batches               = optional(number, 1)
    rejected_batches             = optional(object({ at_least = optional(number, 3), percent = optional(number, 50) }), {})
    function_errors              = optional(number, 1)
    function_throttles           = optional(number, 5)
    function_duration_percent    = optional(number, 80)
    api_errors                   = optional(object({ at_least = optional(number, 5), percent = optional(number, 1) }), {})
    api_latency_ms               = optional(number, 2000)
    database_cpu_percent         = optional(number, 80)
    database_load                = optional(number, 16)
    database_connections_percent = optional(number, 80)
    database_storage_gb          = optional(number, 5)
    replica_lag_s                = optional(number, 600)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for percent in [
      var.thresholds.rejected_batches.percent, var.thresholds.function_duration_percent, var.thresholds.api_errors.percent,
      var.thresholds.database_cpu_percent, var.thresholds.database_connections_percent,
    ] : percent > 0 && percent <= 100])
    error_message = "A share must be above 0 and at most 100 percent."
  }

  validation {
    condition = alltrue([for number in [
      var.thresholds.message_age_s, var.thresholds.message_tries, var.thresholds.failed_batches, var.thresholds.rejected_batches.at_least,
      var.thresholds.function_errors, var.thresholds.function_throttles, var.thresholds.api_errors.at_least,
      var.thresholds.api_latency_ms, var.thresholds.database_load, var.thresholds.database_storage_gb,
    ] : number > 0])
    error_message = "A threshold of 0 would be an alarm that never ends: each must be above 0."
  }

  validation {
    condition     = var.thresholds.replica_lag_s > 300
    error_message = "A replica's lag must be allowed more than 300 seconds: it counts up to that while nothing is written."
  }
}

variable "dashboard" {
  description = "Whether there is a dashboard. Previews need none."
  type        = bool
  default     = true
  nullable    = false
}
