variable "name" {
  description = "What names begin with: `waybill-dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 38
    error_message = "The name must be lower-case letters, digits and single hyphens, a letter first, and at most 38 characters."
  }
}

variable "function" {
  description = "The function that starts and stops the databases, and the alias of it that is called."
  type = object({
    arn       = string
    alias_arn = string
  })
  nullable = false

  validation {
    condition     = startswith(var.function.alias_arn, "${var.function.arn}:") && !endswith(var.function.alias_arn, ":$LATEST")
    error_message = "The alias must be one of the function: without an alias, code that was not released would be called."
  }
}

variable "hours" {
  description = "When the databases are started and when they are stopped, as cron(minute hour day month weekday year), in a time zone as `Europe/Dublin`."
  type = object({
    start    = string
    stop     = string
    timezone = string
  })
  nullable = false

  validation {
    condition     = alltrue([for when in [var.hours.start, var.hours.stop] : can(regex("^cron\\(([^ ()]+ ){5}[^ ()]+\\)$", when))])
    error_message = "Each must be cron(…) of six fields: minute, hour, day of the month, month, day of the week, year."
  }

  validation {
    # In each, one of the two days is left open with a question mark.
    condition = alltrue([for when in [var.hours.start, var.hours.stop] : try(
      length([for place in [2, 4] : place if split(" ", trimsuffix(trimprefix(when, "cron("), ")"))[place] == "?"]) == 1, true,
    )])
    error_message = "Of the day of the month and the day of the week exactly one must be `?`."
  }

  validation {
    condition     = var.hours.start != var.hours.stop
    error_message = "Start and stop must not be at the same time."
  }

  validation {
    condition     = can(regex("^(UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z_+0-9-]+)+)$", var.hours.timezone))
    error_message = "The time zone must be UTC or a name of the time zone database, as `Europe/Dublin`."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the schedules' role, where the deploying role must set one. Null: none."
  type        = string
  default     = null
}
