variable "name" {
  description = "What names begin with: `waybill-dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 44
    error_message = "The name must be lower-case letters, digits and single hyphens, a letter first, and leave room in 64 characters for what follows."
  }
}

variable "network" {
  description = "Where tasks run: private subnets, from which the database, S3 and the endpoints of ECR, CloudWatch Logs and Parameter Store are reached, and the groups that allow it."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  nullable = false

  validation {
    condition     = length(var.network.subnet_ids) >= 1 && length(var.network.security_group_ids) >= 1
    error_message = "A task needs a subnet and a security group."
  }
}

variable "repository" {
  description = "Where images are pulled from: the repository's address, without a tag."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[a-z0-9][a-z0-9._/-]*$", var.repository))
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

variable "max_vcpus" {
  description = "The most processors at once, on Spot (cheaper, taken away now and then; 0: none) and on demand. Together with the smallest size they bound the sessions on the database: each task opens two."
  type        = object({ spot = number, on_demand = number })
  nullable    = false

  validation {
    condition     = alltrue([for vcpus in values(var.max_vcpus) : vcpus >= 0 && floor(vcpus) == vcpus])
    error_message = "Processors come in whole numbers."
  }

  validation {
    condition     = var.max_vcpus.on_demand >= max([for size in var.sizes : size.vcpus]...)
    error_message = "max_vcpus.on_demand must be enough for one task of the largest size: urgent loads run nowhere else."
  }
}

variable "sizes" {
  description = <<-EOT
    The classes that intake chooses from: `small`, `large`, and `urgent`, which never runs on Spot. `vcpus` and `memory_mb` as
    Fargate has them; the loader uses 128 MiB whatever the file's size, so processors are what counts. `scratch_gb`: the task's
    disk, for sorting. `timeout_s`: when an attempt is ended. `attempts`: how often it is tried in all.
  EOT
  type = map(object({
    vcpus      = number
    memory_mb  = number
    scratch_gb = number
    timeout_s  = number
    attempts   = optional(number, 3)
  }))
  default = {
    small  = { vcpus = 1, memory_mb = 2048, scratch_gb = 50, timeout_s = 7200 }
    large  = { vcpus = 4, memory_mb = 8192, scratch_gb = 200, timeout_s = 86400 }
    urgent = { vcpus = 4, memory_mb = 8192, scratch_gb = 200, timeout_s = 86400 }
  }
  nullable = false

  validation {
    condition     = toset(keys(var.sizes)) == toset(["small", "large", "urgent"])
    error_message = "The sizes are small, large and urgent: intake knows no others."
  }

  validation {
    # AWS' table of what goes together; another pair is refused when a job is registered, in the middle of a release.
    condition = alltrue([for size in var.sizes : contains(lookup({
      "0.25" = [512, 1024, 2048]
      "0.5"  = [1024, 2048, 3072, 4096]
      "1"    = range(2048, 8193, 1024)
      "2"    = range(4096, 16385, 1024)
      "4"    = range(8192, 30721, 1024)
      "8"    = range(16384, 61441, 4096)
      "16"   = range(32768, 122881, 8192)
    }, tostring(size.vcpus), []), size.memory_mb)])
    error_message = "Fargate has no task of these vcpus and memory_mb: for 1 vcpus 2048 to 8192 MB, for 2 4096 to 16384, for 4 8192 to 30720, in steps of 1024."
  }

  validation {
    condition     = alltrue([for size in var.sizes : size.scratch_gb >= 21 && size.scratch_gb <= 200 && floor(size.scratch_gb) == size.scratch_gb])
    error_message = "Fargate's disk is 21 to 200 GB."
  }

  validation {
    condition     = alltrue([for size in var.sizes : size.timeout_s >= 60 && size.attempts >= 1 && size.attempts <= 10])
    error_message = "An attempt lasts at least 60 s, and there are 1 to 10 of them."
  }
}

variable "variables" {
  description = "What the program is told, beside its scratch and its time limit. Nothing secret."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.variables), ["WAYBILL_SCRATCH", "WAYBILL_SCRATCH_BYTES", "WAYBILL_TIME_LIMIT_SECONDS", "AWS_REGION"])) == 0
    error_message = "Scratch, time limit and region are this module's to say."
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
  description = "Tags of job definitions, which Terraform does not make and so does not tag."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "alarms" {
  description = "The topic that is told of failed jobs, and the page that its message ends in. Null: nobody is told."
  type        = object({ topic_arn = string, runbook = string })
  default     = null
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
