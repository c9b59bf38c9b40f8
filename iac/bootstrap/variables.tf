variable "prefix" {
  description = "What every name begins with. Bucket names are global, so a second company needs another prefix than the first."
  type        = string
  default     = "waybill"
  nullable    = false

  validation {
    # The longest bucket name made of it is <prefix>-pr-99999-incoming, the longest role <prefix>-pr-99999-<purpose>.
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.prefix)) && !can(regex("--|-(dev|staging|prod|pr)$", var.prefix))
    error_message = "The prefix is 3 to 20 lower-case letters, digits and single hyphens, begins with a letter and does not end in the name of an environment: the names of two stacks would overlap."
  }
}

variable "region" {
  description = "The region of everything; the roles work in no other."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region looks like eu-west-1."
  }
}

variable "repository" {
  description = "The GitHub repository that deploys, as OWNER/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.repository))
    error_message = "The repository is OWNER/NAME, without a host, a wildcard or anything behind the name."
  }
}

variable "subjects" {
  description = <<-EOT
    Which `sub` claims of GitHub's tokens each role trusts. Null: made of the repository, as
    `repo:OWNER/NAME:environment:<name>` for `dev`, `staging`, `prod` and `preview`, the same with `prod-plan` for
    `plan-prod`, and with `dev-plan` and `staging-plan` for `plan`, which trusts `repo:OWNER/NAME:pull_request` besides.
    Give them where GitHub writes ids in place of names; they take the place of all of that role's. A `*` may stand only in
    those of `plan` and `preview`, and only behind the repository. Pull requests may take on those two alone.
  EOT
  type = object({
    plan      = optional(list(string))
    plan-prod = optional(list(string))
    dev       = optional(list(string))
    staging   = optional(list(string))
    prod      = optional(list(string))
    preview   = optional(list(string))
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for role, patterns in var.subjects : patterns == null ? true : length(patterns) > 0])
    error_message = "A role that trusts nobody is of no use: leave the field out, or name a subject."
  }

  validation {
    condition = alltrue(flatten([
      for role, patterns in var.subjects : [for pattern in coalesce(patterns, []) : can(regex("^[a-z_]+:[^*?:]+:.*[^*?:]", pattern))]
    ]))
    error_message = "A subject begins with a claim and its literal value, as repo:OWNER/NAME, and says more behind it than a wildcard."
  }

  validation {
    condition = alltrue(flatten([
      for role in ["dev", "staging", "prod", "plan-prod"] : [for pattern in coalesce(var.subjects[role], []) : !can(regex("[*?]", pattern))]
    ]))
    error_message = "The subjects of dev, staging, prod and plan-prod are literal: a wildcard there hands an environment to every branch that matches."
  }

  validation {
    condition = alltrue(flatten([
      for role in ["dev", "staging", "prod", "plan-prod"] : [for pattern in coalesce(var.subjects[role], []) : !can(regex(":pull_request(:|$)|:refs/pull/", pattern))]
    ]))
    error_message = "Pull requests take on plan and preview alone: what they run, nobody has approved."
  }
}

variable "make_oidc_provider" {
  description = "Make GitHub's OIDC provider. An account has one at most: false where something else has made it already."
  type        = bool
  default     = true
  nullable    = false
}

variable "zone_ids" {
  description = "Route 53 zones in which an environment may set the record of its API's domain: dev, staging, prod or preview to a zone id. Empty: no environment has a domain of its own."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for environment, id in var.zone_ids : contains(["dev", "staging", "prod", "preview"], environment) && can(regex("^Z[A-Z0-9]+$", id))])
    error_message = "The keys are dev, staging, prod or preview; a zone id begins with Z, as Z0123456789ABC."
  }
}

variable "destroyable" {
  description = "Let Terraform destroy the buckets and the registry with everything in them, states included. Only for taking all of it down."
  type        = bool
  default     = false
  nullable    = false
}
