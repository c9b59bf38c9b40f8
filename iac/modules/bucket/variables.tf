variable "name" {
  description = "The bucket's whole name. Bucket names are global: begin it with a prefix of your own."
  type        = string
  nullable    = false

  validation {
    # Dots are legal in S3, but TLS certificates and transfer acceleration do not take them.
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name is 3 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen."
  }
}

variable "region" {
  description = "The region the bucket is in. Null: the provider's."
  type        = string
  default     = null
}

variable "versioned" {
  description = "Keep what is overwritten or deleted, for `retention.noncurrent_days`."
  type        = bool
  default     = true
  nullable    = false
}

variable "destroyable" {
  description = "Let Terraform destroy the bucket with everything in it. Otherwise destroying fails until somebody has emptied it."
  type        = bool
  default     = false
  nullable    = false
}

variable "retention" {
  description = <<-EOT
    What happens to objects with time. `tiers`: cheaper storage classes, each after so many days.
    `expire_days`: when objects are deleted (null: never). `noncurrent_days`: how long the versions are kept
    that were overwritten or deleted. `abort_multipart_days`: when the parts of an unfinished upload are deleted.
    `short_lived`: prefixes, as `scratch/`, whose objects are deleted after so many days, and their old versions a day later.
  EOT
  type = object({
    tiers                = optional(list(object({ after_days = number, class = string })), [])
    expire_days          = optional(number)
    noncurrent_days      = optional(number, 30)
    abort_multipart_days = optional(number, 7)
    short_lived          = optional(map(number), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for tier in var.retention.tiers : contains(local.tier_classes, tier.class)])
    error_message = "A tier's class is one of STANDARD_IA, INTELLIGENT_TIERING, ONEZONE_IA, GLACIER_IR, GLACIER and DEEP_ARCHIVE."
  }

  validation {
    condition = alltrue([
      for tier in var.retention.tiers :
      tier.after_days >= (contains(["STANDARD_IA", "ONEZONE_IA"], tier.class) ? 30 : 0)
    ])
    error_message = "S3 moves nothing to STANDARD_IA or ONEZONE_IA before it is 30 days old, and no day is negative."
  }

  validation {
    # An object goes down the classes only, so a later tier must be both later and lower.
    condition = alltrue([
      for place, tier in var.retention.tiers : place == 0 ? true : (
        tier.after_days > var.retention.tiers[place - 1].after_days
        # An unknown class has its own message, hence the true.
        && try(index(local.tier_classes, tier.class) > index(local.tier_classes, var.retention.tiers[place - 1].class), true)
      )
    ])
    error_message = "List tiers from the first to the last: each later than the one before and of a lower class, in the order STANDARD_IA, INTELLIGENT_TIERING, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE."
  }

  validation {
    condition = var.retention.expire_days == null ? true : alltrue([
      for days in concat([0], var.retention.tiers[*].after_days) : var.retention.expire_days > days
    ])
    error_message = "Objects expire after at least one day, and later than the last tier begins."
  }

  validation {
    condition     = alltrue([for prefix, days in var.retention.short_lived : can(regex("^[^/].*/$", prefix)) && days >= 1 && floor(days) == days])
    error_message = "What is short-lived lies below a prefix that ends in a slash, and is kept for at least one whole day."
  }

  validation {
    condition     = var.retention.noncurrent_days >= 1 && var.retention.abort_multipart_days >= 1
    error_message = "noncurrent_days and abort_multipart_days are at least 1."
  }
}

variable "cors_origins" {
  description = "Origins of web pages that may use presigned addresses of this bucket, as `https://partners.example.com`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "An origin is a scheme and a host, without a path, a slash at the end or a `*`."
  }
}

variable "acceleration" {
  description = "Transfer acceleration, for senders far from the region who use its address themselves; presigned addresses of the API are those of the region."
  type        = bool
  default     = false
  nullable    = false
}

variable "replicate_to" {
  description = "A versioned bucket of the same account, in any region, that gets a copy of every new object. Null: no copies."
  type = object({
    bucket_arn    = string
    storage_class = optional(string, "STANDARD_IA")
  })
  default = null

  validation {
    condition     = var.replicate_to == null ? true : var.versioned
    error_message = "S3 replicates only versioned buckets: set versioned = true."
  }

  validation {
    condition     = var.replicate_to == null ? true : length(var.name) <= 56
    error_message = "The name of the replication role is the bucket's and `-copying`, 64 characters at most: shorten the bucket's name to 56."
  }
}

variable "access_logs" {
  description = "Where S3 writes a record of every request: a bucket of the same region and account that has `receives_access_logs`. Null: no records."
  type = object({
    bucket = string
    prefix = string
  })
  default = null

  validation {
    # A bucket that logs into itself grows for ever: each record is a request of its own.
    condition     = var.access_logs == null ? true : var.access_logs.bucket != var.name
    error_message = "A bucket cannot write its access logs to itself."
  }
}

variable "receives_access_logs" {
  description = "Let S3 write the access logs of this account's other buckets here."
  type        = bool
  default     = false
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the replication role, where the deploying role must set one. Null: none."
  type        = string
  default     = null
}
