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
  description = "The environment, as messages name it: `dev`."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.name, "-${var.environment}")
    error_message = "The name must end in the environment: messages would tell of another one's releases."
  }
}

variable "functions" {
  description = "The functions that a release moves: short name (`intake`) to name and ARN. `release` judges, `migrate` brings the schema."
  type = map(object({
    name = string
    arn  = string
  }))
  nullable = false

  validation {
    condition     = length(setsubtract(["migrate", "release"], keys(var.functions))) == 0
    error_message = "Without the functions migrate and release no release can be brought out."
  }

  validation {
    condition     = alltrue([for function in var.functions : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:${function.name}$", function.arn))])
    error_message = "Each ARN must be the function's own, without a version or an alias."
  }
}

variable "alias" {
  description = "The alias that callers name, of every function."
  type        = string
  default     = "live"
  nullable    = false
}

variable "artifacts" {
  description = "Where releases lie: the bucket, and the folders in it whose code this environment takes."
  type = object({
    bucket  = string
    folders = optional(set(string), ["releases"])
  })
  nullable = false

  validation {
    condition     = length(var.artifacts.folders) > 0 && length(setsubtract(var.artifacts.folders, ["releases", "previews"])) == 0
    error_message = "Code comes out of releases, or out of previews."
  }
}

variable "steps" {
  description = <<-EOT
    The steps on the way to all of the traffic, unless a release says otherwise; none: all at once. `weight`: percent of the
    traffic that goes to the new version. `wait_s`: how long at least. `longest_s`: when it is decided at last, with requests
    made for it if need be. `minimum`: how many requests a judgement takes.
  EOT
  type = list(object({
    weight    = number
    wait_s    = number
    longest_s = number
    minimum   = number
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for step in var.steps : step.weight >= 1 && step.weight <= 99 && floor(step.weight) == step.weight])
    error_message = "A step's weight is 1 to 99 percent; all of the traffic is the end, not a step."
  }

  validation {
    condition     = alltrue([for at, step in var.steps : at == 0 ? true : step.weight > var.steps[at - 1].weight])
    error_message = "Each step must give the new version more traffic than the one before."
  }

  validation {
    condition     = alltrue([for step in var.steps : step.wait_s >= 1 && step.longest_s >= step.wait_s && floor(step.wait_s) == step.wait_s && floor(step.longest_s) == step.longest_s])
    error_message = "A step waits at least a second, and longest_s is not shorter than wait_s; both are whole seconds."
  }

  validation {
    # sum() refuses an empty list. The machine ends after 21600 s: code, schema and the way back need the rest.
    condition     = sum(concat([0], var.steps[*].longest_s)) <= 14400
    error_message = "All steps together must take at most 14400 s, by their longest_s: the machine ends after six hours, and a release is more than its steps."
  }

  validation {
    condition     = alltrue([for step in var.steps : step.minimum >= 1 && floor(step.minimum) == step.minimum])
    error_message = "A judgement takes at least one request."
  }
}

variable "keep_versions" {
  description = "How many versions of each function are kept to go back to. One that an alias leads to is never deleted."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.keep_versions >= 1 && var.keep_versions <= 100 && floor(var.keep_versions) == var.keep_versions
    error_message = "Keep 1 to 100 versions: with none there is no going back."
  }
}

variable "emails" {
  description = "Who is told how releases end. Each address gets a mail to confirm first."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "Each must be an e-mail address."
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
  description = "Send X-Ray traces."
  type        = bool
  default     = true
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the roles of the machine and of the rule, where the deploying role must set one. Null: none."
  type        = string
  default     = null
}
