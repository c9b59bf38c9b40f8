variable "name" {
  description = "What names begin with, as `waybill-dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,60}$", var.name))
    error_message = "The name is lower-case letters, digits and hyphens, begins with a letter and leaves room for `-intake-dead` in 80 characters."
  }
}

variable "bucket" {
  description = "The bucket whose new objects are announced. Its notifications are this module's alone."
  type = object({
    name = string
    arn  = string
  })
  nullable = false
}

variable "function" {
  description = "The function that takes messages, called by its alias. Its role must already be able to receive from both queues."
  type = object({
    name      = string
    alias_arn = string
    timeout_s = number
  })
  nullable = false

  validation {
    # Lambda takes the function's own ARN without a word, and every message then goes past releases and canaries.
    condition     = can(regex(":function:${var.function.name}:[A-Za-z0-9_-]+$", var.function.alias_arn))
    error_message = "alias_arn is the ARN of an alias of the function, not the function's own."
  }

  validation {
    # It stands here and not at `queue`: the function's variables name the queue, so the queue must not wait for the
    # function.
    condition     = var.queue.visibility_s >= 6 * var.function.timeout_s + var.incoming.window_s
    error_message = "queue.visibility_s must be at least 6 times the function's timeout plus the mapping's window, or a message comes back while it is still worked on."
  }
}

variable "queue" {
  description = <<-EOT
    Both queues. `visibility_s`: how long a message that was taken stays hidden. `max_receive_count`: tries until it is a
    dead letter. `retention_s`, `dead_letter_retention_s`: how long messages may wait, and dead letters be kept.
  EOT
  type = object({
    visibility_s            = number
    max_receive_count       = number
    retention_s             = number
    dead_letter_retention_s = number
  })
  nullable = false

  validation {
    condition     = var.queue.visibility_s >= 0 && var.queue.visibility_s <= 43200
    error_message = "SQS hides messages for at most 12 hours."
  }

  validation {
    # While Lambda scales it takes messages that it then cannot hand over, and each such time counts as a try.
    condition     = var.queue.max_receive_count >= 5 && var.queue.max_receive_count <= 1000
    error_message = "max_receive_count is 5 to 1000: with fewer tries, messages that nobody worked on become dead letters."
  }

  validation {
    condition     = var.queue.retention_s >= 60 && var.queue.dead_letter_retention_s <= 1209600
    error_message = "SQS keeps messages from one minute to 14 days."
  }

  validation {
    condition     = var.queue.dead_letter_retention_s > var.queue.retention_s
    error_message = "A dead letter keeps the date of its first arrival: dead_letter_retention_s must be longer than retention_s, or it may vanish as it arrives."
  }
}

variable "incoming" {
  description = "How arrivals come to the function: at most `batch_size` of those that come within `window_s` an invocation, and at most `maximum_concurrency` invocations at once. Writing one down is short: few invocations are enough, and each is a session on the database."
  type = object({
    batch_size          = optional(number, 10)
    window_s            = optional(number, 0)
    maximum_concurrency = optional(number, 2)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.incoming.maximum_concurrency >= 2 && var.incoming.maximum_concurrency <= 1000
    error_message = "Lambda takes a maximum_concurrency of 2 to 1000."
  }

  validation {
    condition     = var.incoming.batch_size >= 1 && var.incoming.batch_size <= 10000 && var.incoming.window_s >= 0 && var.incoming.window_s <= 300
    error_message = "Lambda takes 1 to 10,000 messages at once, and waits at most 300 seconds for them."
  }

  validation {
    condition     = var.incoming.batch_size <= 10 || var.incoming.window_s >= 1
    error_message = "More than 10 messages at once need a window of at least a second."
  }
}

variable "loads" {
  description = "How many loads run at once: each message is an invocation of its own."
  type        = object({ maximum_concurrency = number })
  nullable    = false

  validation {
    condition     = var.loads.maximum_concurrency >= 2 && var.loads.maximum_concurrency <= 1000
    error_message = "Lambda takes a maximum_concurrency of 2 to 1000."
  }
}

variable "next_minutes" {
  description = "How often `{\"waybill\":\"sweep\"}` is put into the queue of loads, in minutes: the longest that something waits whose own message was lost."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.next_minutes >= 1 && var.next_minutes <= 60 && floor(var.next_minutes) == var.next_minutes
    error_message = "Ask every 1 to 60 minutes, in whole ones: less often, and what was forgotten waits for longer than anybody would notice."
  }
}
