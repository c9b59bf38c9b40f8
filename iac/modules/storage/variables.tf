variable "name" {
  description = "What the buckets' names begin with, as `waybill-dev`. Bucket names are global."
  type        = string
  nullable    = false

  validation {
    # The same rule as in crates/platform: prefix and environment are 44 characters at most, and one hyphen.
    condition     = length(var.name) <= 45 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "The name is lower-case letters, digits and single hyphens, begins with a letter, and has at most 45 characters."
  }
}

variable "destroyable" {
  description = "Let Terraform destroy the buckets with everything in them."
  type        = bool
  default     = false
  nullable    = false
}

variable "incoming" {
  description = <<-EOT
    The bucket that files arrive in. `keep_days`: when files are deleted (null: never); a batch can be replayed, and a
    dead letter be sent again, as long as its file is there. `tiers`: cheaper classes, each after so many days. `acceleration`: for senders far away.
    `cors_origins`: web pages that upload with presigned addresses.
  EOT
  type = object({
    keep_days    = optional(number)
    tiers        = optional(list(object({ after_days = number, class = string })), [])
    acceleration = optional(bool, false)
    cors_origins = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for tier in var.incoming.tiers : !contains(["GLACIER", "DEEP_ARCHIVE"], tier.class)])
    error_message = "Files in GLACIER or DEEP_ARCHIVE cannot be read without hours of restoring, so their batches could not be replayed. GLACIER_IR can be read at once."
  }
}

variable "curated" {
  description = "The bucket of what is made of files for others to read. `short_lived`: prefixes whose objects are deleted after so many days."
  type = object({
    short_lived = optional(map(number), {})
  })
  default  = {}
  nullable = false
}

variable "keep_reports_days" {
  description = "When reports of rejected batches are deleted."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.keep_reports_days >= 1 && floor(var.keep_reports_days) == var.keep_reports_days
    error_message = "Reports are kept for at least one whole day."
  }
}

variable "copies" {
  description = "Copies of every new object in buckets of another region, `<name>-<purpose>-copy`: which region, and of which buckets (incoming, curated, reports). Null: none."
  type = object({
    region = string
    of     = optional(set(string), ["incoming", "reports"])
  })
  default = null

  validation {
    condition     = var.copies == null ? true : length(var.copies.of) > 0 && length(setsubtract(var.copies.of, ["incoming", "curated", "reports"])) == 0
    error_message = "There are three buckets to copy: incoming, curated and reports."
  }
}

variable "access_logs" {
  description = "Where S3 writes a record of every request: a bucket of module `bucket` with `receives_access_logs`. Null: no records."
  type = object({
    bucket = string
    prefix = string
  })
  default = null
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the replication roles, where the deploying role must set one. Null: none."
  type        = string
  default     = null
}
