variable "name" {
  description = "What the budget watches: prefix and environment, as waybill-dev. The budget is called <name>-monthly."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^:\\\\]{1,90}$", var.name))
    error_message = "name must have 1 to 90 characters and no colon or backslash."
  }
}

variable "monthly_usd" {
  description = "What a month may cost, in US dollars."
  type        = number
  nullable    = false

  validation {
    condition     = var.monthly_usd > 0
    error_message = "monthly_usd must be more than 0."
  }
}

variable "emails" {
  description = "Who is told. AWS writes to them without asking first."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 10
    error_message = "emails must have 1 to 10 addresses: a budget that tells nobody is none, and AWS takes no more than 10."
  }

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@ ,;]+@[^@ ,;]+\\.[^@ ,;]+$", email))])
    error_message = "emails must be e-mail addresses."
  }
}

variable "tags" {
  description = "The cost allocation tag whose costs count, as {environment = \"dev\"}. It must be active in the account's billing. Empty: the whole account counts."
  type        = map(string)
  default     = {}
  nullable    = false

  # AWS does not say whether a budget over two tags counts what has both or what has either.
  validation {
    condition     = length(var.tags) <= 1
    error_message = "tags must have one tag at most: choose the one that sets the environment apart."
  }

  validation {
    condition     = alltrue([for key, value in var.tags : key != "" && value != "" && !strcontains(key, "$")])
    error_message = "tags must have a key without a dollar sign, and a value."
  }
}
