# How the policies are written: walks every statement of every role.

provider "aws" {
  region = "eu-west-1"
}

variables {
  region     = "eu-west-1"
  repository = "acme/waybill"
}

run "statements" {
  command = plan

  assert {
    condition     = alltrue([for parts in values(output.policies.roles) : length(parts) <= 10])
    error_message = "A role holds ten managed policies."
  }

  assert {
    condition = length([
      for at in flatten([
        for role, parts in output.policies.roles : [
          for policy in values(parts) : [
            for statement in jsondecode(policy).Statement : [for action in flatten([try(statement.Action, "none")]) : "${role} ${statement.Sid} ${action}"]
            if statement.Effect == "Allow"
          ]
        ]
      ]) : at if can(regex(" (none|\\*|[a-z0-9-]+:\\*)$", at))
    ]) == 0
    error_message = "No permission is for every action, for every action of a service, or for all but some."
  }

  assert {
    condition = length(setsubtract(
      flatten([
        for policy in concat(values(output.policies.roles.plan), values(output.policies.roles.plan-prod)) : [
          for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : action if !can(regex("^[a-z0-9-]+:(Get|List|Describe|BatchGet)", action))]
          if statement.Effect == "Allow"
        ]
      ]),
      # Reads by other names, and a check of a text that leaves nothing behind.
      ["apigateway:GET", "budgets:ViewBudget", "states:ValidateStateMachineDefinition"],
    )) == 0
    error_message = "The roles that plan read, and do nothing else: not even a lock."
  }

  assert {
    condition = !anytrue([
      for role in ["plan", "plan-prod"] :
      can(regex("s3:GetObject|sqs:ReceiveMessage|logs:(Get|Filter)", join("", [for part, policy in output.policies.roles[role] : policy if part != "files"])))
    ])
    error_message = "The roles that plan read settings, and states; never what partners sent, messages or logs."
  }

  assert {
    # The wide ones by name, so that another has to be argued for here.
    condition = length(setsubtract(
      flatten([
        for role, parts in merge(output.policies.roles, { boundaries = output.policies.boundaries }) : [
          for policy in values(parts) : [
            for statement in jsondecode(policy).Statement : [
              for action in flatten([statement.Action]) : action
              if !can(regex("^[a-z0-9-]+:(Get|List|Describe)", action))
            ]
            if statement.Effect == "Allow" && contains(flatten([statement.Resource]), "*") && !can(statement.Condition)
          ]
        ]
      ]),
      [
        "ecs:DeregisterTaskDefinition",
        "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
        "states:ValidateStateMachineDefinition",
        "xray:PutTelemetryRecords", "xray:PutTraceSegments",
      ],
    )) == 0
    error_message = "Only actions that AWS gives no narrower resource may be allowed on * without a condition."
  }

  assert {
    condition = alltrue(flatten([
      for role, parts in output.policies.roles : [
        for policy in values(parts) : [
          for statement in jsondecode(policy).Statement : can(statement.Sid) && length(try(statement.Sid, "")) > 0
        ]
      ]
    ]))
    error_message = "Every statement says what it is for."
  }
}

run "lengths_at_their_longest" {
  command = plan

  variables {
    prefix   = "a-prefix-of-twenty-c"
    region   = "ap-southeast-2"
    zone_ids = { for environment in ["dev", "staging", "prod", "preview"] : environment => "Z0123456789ABCDEFGHIJ" }
  }

  assert {
    condition = alltrue(flatten([
      for role, parts in output.policies.roles : [for part, policy in parts : length(policy) <= 6144]
    ])) && alltrue([for policy in values(output.policies.boundaries) : length(policy) <= 6144])
    error_message = "With the longest prefix, too: ${jsonencode({ for role, parts in output.policies.roles : role => { for part, policy in parts : part => length(policy) } })}, boundaries ${jsonencode({ for name, policy in output.policies.boundaries : name => length(policy) })}."
  }
}

run "trust" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for role, trust in output.policies.trusts : [
        for statement in [one(jsondecode(trust).Statement)] : [
          statement.Action == "sts:AssumeRoleWithWebIdentity",
          statement.Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
          length(statement.Principal) == 1,
          statement.Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com",
          length(flatten([statement.Condition.StringLike["token.actions.githubusercontent.com:sub"]])) > 0,
        ]
      ]
    ]))
    error_message = "Each role trusts GitHub's tokens for AWS, with a subject, and nobody else."
  }

  assert {
    condition = {
      for role, trust in output.policies.trusts : role => join(" ", sort(flatten([one(jsondecode(trust).Statement).Condition.StringLike["token.actions.githubusercontent.com:sub"]])))
      } == {
      plan      = "repo:acme/waybill:environment:dev-plan repo:acme/waybill:environment:staging-plan repo:acme/waybill:pull_request"
      plan-prod = "repo:acme/waybill:environment:prod-plan"
      dev       = "repo:acme/waybill:environment:dev"
      staging   = "repo:acme/waybill:environment:staging"
      prod      = "repo:acme/waybill:environment:prod"
      preview   = "repo:acme/waybill:environment:preview"
    }
    error_message = "Without subjects of one's own, pull requests plan, but not prod, and each GitHub environment has its role."
  }
}

run "own_subjects" {
  command = plan

  variables {
    make_oidc_provider = false
    subjects = {
      plan      = ["repo:acme@1/waybill@2:pull_request", "repo:acme@1/waybill@2:ref:refs/heads/*"]
      plan-prod = ["repo:acme@1/waybill@2:environment:prod-plan"]
      prod      = ["repo:acme@1/waybill@2:environment:prod"]
    }
  }

  assert {
    condition = (
      toset(one(jsondecode(output.policies.trusts.plan).Statement).Condition.StringLike["token.actions.githubusercontent.com:sub"]) == toset(var.subjects.plan)
      && toset(flatten([one(jsondecode(output.policies.trusts.prod).Statement).Condition.StringLike["token.actions.githubusercontent.com:sub"]])) == toset(var.subjects.prod)
      && toset(flatten([one(jsondecode(output.policies.trusts.plan-prod).Statement).Condition.StringLike["token.actions.githubusercontent.com:sub"]])) == toset(var.subjects.plan-prod)
      && toset(flatten([one(jsondecode(output.policies.trusts.dev).Statement).Condition.StringLike["token.actions.githubusercontent.com:sub"]])) == toset(["repo:acme/waybill:environment:dev"])
    )
    error_message = "Given subjects take the place of the defaults, and only of those of the same role."
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "An account has one provider for GitHub: where it exists, none is made."
  }
}

run "registry" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.images : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push])
    error_message = "A release's image is never replaced under its name, and every image is scanned."
  }

  assert {
    condition     = !anytrue([for repository in aws_ecr_repository.images : repository.force_delete]) && { for image, repository in aws_ecr_repository.images : image => repository.name } == { task = "waybill/task", api = "waybill/api" }
    error_message = "Nothing is destroyed with its content unless somebody asks for it."
  }
}
