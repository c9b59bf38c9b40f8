variable "parameters" {
  description = "The path that the environment's parameters lie under, as /waybill/dev."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(/[A-Za-z0-9_.-]+){1,11}$", var.parameters)) && !can(regex("^/(aws|ssm)", lower(var.parameters)))
    error_message = "parameters must be a path as /waybill/dev, without a slash at its end, which does not begin with /aws or /ssm."
  }
}

variable "logins" {
  description = "The database logins that have a password each, by the last part of their names."
  type        = set(string)
  default     = ["api", "loader", "owner", "reader"]
  nullable    = false

  validation {
    condition     = length(var.logins) > 0 && alltrue([for login in var.logins : can(regex("^[a-z][a-z0-9_]*$", login))])
    error_message = "logins must be names of lower-case letters, digits and underscores, at least one."
  }
}
