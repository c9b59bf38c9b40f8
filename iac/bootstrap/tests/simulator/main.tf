# Decides requests by policies as IAM does, so that tests ask what a role may do and not how its policy is written:
# a refusal wins, otherwise one permission is enough, and a condition on a key that the request lacks does not hold,
# unless its operator says "IfExists" or is a negative one.
#
# It knows the operators that the policies here use, and fails on any other.

terraform {
  required_version = ">= 1.10"
}

variable "policies" {
  description = "Policies of each role, as JSON."
  type        = map(list(string))
  nullable    = false
}

variable "requests" {
  description = "What is asked: role, action, resource, and the keys that the request has in its context."
  type = map(object({
    role     = string
    action   = string
    resource = string
    context  = optional(map(string), {})
  }))
  nullable = false
}

locals {
  operators = {
    StringEquals                   = { like = false, negative = false, optional = false }
    StringEqualsIfExists           = { like = false, negative = false, optional = true }
    StringLike                     = { like = true, negative = false, optional = false }
    StringLikeIfExists             = { like = true, negative = false, optional = true }
    ArnLike                        = { like = true, negative = false, optional = false }
    StringNotEquals                = { like = false, negative = true, optional = true }
    "ForAllValues:StringNotEquals" = { like = false, negative = true, optional = true }
    Null                           = { like = false, negative = false, optional = true }
  }

  statements = {
    for role, policies in var.policies : role => flatten([
      for policy in policies : [
        for statement in flatten([jsondecode(policy).Statement]) : {
          sid       = statement.Sid
          allows    = statement.Effect == "Allow"
          actions   = [for action in flatten([try(statement.Action, [])]) : local.pattern[lower(action)]]
          excepted  = [for action in flatten([try(statement.NotAction, [])]) : local.pattern[lower(action)]]
          resources = [for resource in flatten([try(statement.Resource, [])]) : local.pattern[resource]]
          conditions = flatten([
            for operator, keys in try(statement.Condition, {}) : [
              for key, values in keys : { operator = operator, key = key, values = flatten([values]) }
            ]
          ])
        }
      ]
    ])
  }

  # Every pattern once, as the regular expression that means the same.
  written = distinct(flatten([
    for policies in values(var.policies) : [
      for policy in policies : [
        for statement in flatten([jsondecode(policy).Statement]) : [
          [for action in flatten([try(statement.Action, [])]) : lower(action)],
          [for action in flatten([try(statement.NotAction, [])]) : lower(action)],
          flatten([try(statement.Resource, [])]),
          [for keys in values(try(statement.Condition, {})) : [for these in values(keys) : flatten([these])]],
        ]
      ]
    ]
  ]))
  pattern = {
    for text in local.written : text => "^${replace(replace(replace(text, "/[.+(){}\\[\\]^$|\\\\]/", "\\$0"), "*", ".*"), "?", ".")}$"
  }

  # In three steps, each on what the one before left: terms of one expression are all computed, needed or not.
  of_service = {
    for role, statements in local.statements : role => {
      for service in distinct([for request in values(var.requests) : split(":", lower(request.action))[0] if request.role == role]) : service => [
        for statement in statements : statement
        if length(statement.excepted) > 0 || anytrue([for action in statement.actions : startswith(action, "^${service}:")])
      ]
    }
  }

  about_action = {
    for name, request in var.requests : name => [
      for statement in local.of_service[request.role][split(":", lower(request.action))[0]] : statement
      if anytrue([for action in statement.actions : can(regex(action, lower(request.action)))])
      || (length(statement.excepted) > 0 && !anytrue([for action in statement.excepted : can(regex(action, lower(request.action)))]))
    ]
  }

  about_resource = {
    for name, statements in local.about_action : name => [
      for statement in statements : statement
      if anytrue([for resource in statement.resources : can(regex(resource, var.requests[name].resource))])
    ]
  }

  fitting = {
    for name, statements in local.about_resource : name => [
      for statement in statements : statement if alltrue([
        for condition in statement.conditions : (
          condition.operator == "Null"
          ? contains(condition.values, tostring(!contains(keys(var.requests[name].context), condition.key)))
          : !contains(keys(var.requests[name].context), condition.key)
          ? local.operators[condition.operator].optional
          : local.operators[condition.operator].negative != anytrue([
            for value in condition.values : (
              local.operators[condition.operator].like
              ? can(regex(local.pattern[value], var.requests[name].context[condition.key]))
              : value == var.requests[name].context[condition.key]
            )
          ])
        )
      ])
    ]
  }
}

output "allowed" {
  description = "Whether each request is allowed."
  value = {
    for name, statements in local.fitting : name => anytrue(statements[*].allows) && !anytrue([for statement in statements : !statement.allows])
  }
}

output "because" {
  description = "The sids of the statements that fit each request, for the message of a test that fails."
  value       = { for name, statements in local.fitting : name => statements[*].sid }
}
