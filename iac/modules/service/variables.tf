variable "name" {
  description = "What names begin with: `waybill-prod`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 28
    error_message = "The name must be lower-case letters, digits and single hyphens, a letter first, and at most 28 characters: a load balancer's has 32, `-api` included."
  }
}

variable "network" {
  description = "Where it runs: the VPC, private subnets in at least two zones, and the groups by which tasks reach the database and AWS."
  type = object({
    vpc_id             = string
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  nullable = false

  validation {
    condition     = length(var.network.subnet_ids) >= 2
    error_message = "A load balancer needs subnets in two zones."
  }
}

variable "image" {
  description = "The repository's address, without a tag, and the release that the service begins with."
  type        = object({ repository = string, release = string })
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[a-z0-9][a-z0-9._/-]*$", var.image.repository))
    error_message = "The repository is <account>.dkr.ecr.<region>.amazonaws.com/<name>, without a tag or a digest."
  }
}

variable "architecture" {
  description = "What the image is built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "An architecture is arm64 or x86_64."
  }
}

variable "certificate_arn" {
  description = "The certificate in ACM that the balancer shows to the gateway."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "The certificate is one of ACM's, by its ARN."
  }
}

variable "size" {
  description = "A task's processor (1024: a whole one) and memory, as Fargate has them."
  type        = object({ cpu = number, memory_mb = number })
  default     = { cpu = 512, memory_mb = 1024 }
  nullable    = false

  validation {
    condition = contains(lookup({
      "256"  = [512, 1024, 2048]
      "512"  = [1024, 2048, 3072, 4096]
      "1024" = range(2048, 8193, 1024)
      "2048" = range(4096, 16385, 1024)
      "4096" = range(8192, 30721, 1024)
    }, tostring(var.size.cpu), []), var.size.memory_mb)
    error_message = "Fargate has no task of this cpu and memory_mb: 256 goes with 512 to 2048 MB, 512 with 1024 to 4096, 1024 with 2048 to 8192."
  }
}

variable "tasks" {
  description = "How many tasks there are at least and at most."
  type        = object({ least = number, most = number })
  nullable    = false

  validation {
    condition     = var.tasks.least >= 1 && var.tasks.most >= var.tasks.least && floor(var.tasks.least) == var.tasks.least && floor(var.tasks.most) == var.tasks.most
    error_message = "There is at least one task, and tasks.most is not below tasks.least."
  }
}

variable "requests_per_minute" {
  description = "How many requests a minute a task is meant to have: more, and there is another one."
  type        = number
  nullable    = false

  validation {
    condition     = var.requests_per_minute >= 1
    error_message = "A task answers at least one request a minute."
  }
}

variable "sessions_each" {
  description = "The most sessions that a task opens on the database: eight of each of its two roles (functions/api, main.rs)."
  type        = number
  default     = 16
  nullable    = false
}

variable "variables" {
  description = "What the program is told. Nothing secret."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.variables), ["WAYBILL_LISTEN", "AWS_REGION"])) == 0
    error_message = "Where it listens and the region are this module's to say."
  }
}

variable "statements" {
  description = "What the program may do, one statement a purpose."
  type = list(object({
    sid       = string
    actions   = list(string)
    resources = list(string)
  }))
  nullable = false
}

variable "tags" {
  description = "Tags of task definitions that releases register."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "log_days" {
  description = "How long log lines are kept."
  type        = number
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds both roles, where the deploying role must set one. Null: none."
  type        = string
  default     = null
}
