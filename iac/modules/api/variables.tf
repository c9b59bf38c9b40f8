variable "name" {
  description = "What names begin with, as `waybill-dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}$", var.name))
    error_message = "The name is at most 63 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "function" {
  description = "The function that answers, called by its alias."
  type = object({
    name       = string
    alias_name = string
    alias_arn  = string
  })
  nullable = false

  validation {
    # API Gateway takes any of the function's ARNs; without the alias, requests go past releases and canaries.
    condition     = var.function.alias_name != "$LATEST" && endswith(var.function.alias_arn, ":function:${var.function.name}:${var.function.alias_name}")
    error_message = "alias_arn is the ARN of the alias alias_name of the function name."
  }
}

variable "service" {
  description = "What answers instead of the function: a load balancer's listener inside a network, by a link from these subnets with these groups, and the name on its certificate. Null: the function."
  type = object({
    listener_arn       = string
    subnet_ids         = list(string)
    security_group_ids = list(string)
    server_name        = string
  })
  default = null

  validation {
    condition     = var.service == null ? true : !strcontains(var.service.listener_arn, ":loadbalancer/")
    error_message = "listener_arn is the ARN of an application load balancer's listener, not the balancer's."
  }
}

variable "throttle" {
  description = "Requests a second, and how many more at once, before callers get 429. Null: the account's limits, shared by all its APIs."
  type = object({
    rate  = number
    burst = number
  })
  default = null

  validation {
    condition     = var.throttle == null ? true : var.throttle.rate >= 1 && var.throttle.burst >= 1
    error_message = "A rate or burst below 1 refuses every request."
  }
}

variable "log_days" {
  description = "How long access log lines are kept."
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

variable "cors" {
  description = "Web pages that may call the API: their origins, and how long browsers remember. Null: none."
  type = object({
    origins   = list(string)
    max_age_s = optional(number, 600)
  })
  default = null

  validation {
    # A bare * is allowed: keys travel in headers that a page must have, never in cookies.
    condition = var.cors == null ? true : length(var.cors.origins) > 0 && alltrue([
      for origin in var.cors.origins : origin == "*" || can(regex("^https?://[^/*]+$", origin))
    ])
    error_message = "Name at least one origin: a scheme and a host without a path or a slash at the end, or `*` for all."
  }

  validation {
    condition     = var.cors == null ? true : var.cors.max_age_s >= 0 && var.cors.max_age_s <= 86400
    error_message = "API Gateway lets browsers remember for at most a day."
  }
}

variable "domain" {
  description = "A name of one's own, its certificate (ACM, of the API's region) and the Route 53 zone of its record. AWS's own address is then closed. Null: AWS's address."
  type = object({
    name            = string
    certificate_arn = string
    zone_id         = string
  })
  default = null

  validation {
    condition     = var.domain == null ? true : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "The domain's name is a host name, as `api.example.com`, without a scheme or a slash."
  }

  validation {
    condition     = var.domain == null ? true : can(regex("^arn:[^:]+:acm:${data.aws_region.current.region}:", var.domain.certificate_arn))
    error_message = "The certificate must be one of ACM in the API's own region; only CloudFront takes those of us-east-1."
  }
}
