variable "name" {
  description = "What all names begin with: prefix and environment, as waybill-dev."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 40 lower-case letters, digits and hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "cidr" {
  description = "The VPC's IPv4 addresses. It cannot be changed later without making the network anew."
  type        = string
  default     = "10.20.0.0/16"
  nullable    = false

  # Every subnet gets a sixteenth of it; below /22 that leaves too few addresses for containers and endpoints.
  validation {
    condition     = try(cidrsubnet(var.cidr, 0, 0) == var.cidr && tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 22 && can(cidrnetmask(var.cidr)), false)
    error_message = "cidr must be an IPv4 network from /16 to /22, written with its first address, as 10.20.0.0/16."
  }
}

variable "zones" {
  description = "In how many availability zones there is a private subnet. The database needs two."
  type        = number
  nullable    = false

  validation {
    condition     = contains([2, 3], var.zones)
    error_message = "zones must be 2 or 3."
  }
}

variable "endpoints" {
  description = "AWS services that are reached inside the VPC, by the name in com.amazonaws.<region>.<name>, and in how many zones each has an interface (null: in all of them). S3 always has its gateway endpoint. Each interface costs about 8 dollars a month."
  type = object({
    services = optional(set(string), ["sqs", "ssm"])
    zones    = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for service in var.endpoints.services : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)*$", service)) && !startswith(service, "com.amazonaws")])
    error_message = "endpoints.services are short names, as sqs or ecr.api, without com.amazonaws and the region."
  }

  validation {
    condition     = length(setintersection(var.endpoints.services, ["s3", "dynamodb"])) == 0
    error_message = "endpoints.services must not name s3 or dynamodb: S3 has its gateway endpoint, which costs nothing, and DynamoDB is not used."
  }

  validation {
    condition     = var.endpoints.zones == null ? true : contains(range(1, var.zones + 1), var.endpoints.zones)
    error_message = "endpoints.zones must be a whole number from 1 to zones, or null for all of them."
  }
}

variable "nat" {
  description = "Whether functions may reach the internet (port 443), through one NAT gateway in one zone."
  type        = bool
  default     = false
  nullable    = false
}

variable "flow_log_days" {
  description = "For how many days the network's flow logs are kept. Null: none are written."
  type        = number
  default     = null

  validation {
    condition     = var.flow_log_days == null ? true : contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.flow_log_days)
    error_message = "flow_log_days must be a retention that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 or more days."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role that writes flow logs. Null: no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null ? true : can(regex("^arn:[^:]+:iam::[^:]*:policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of an IAM policy."
  }
}
