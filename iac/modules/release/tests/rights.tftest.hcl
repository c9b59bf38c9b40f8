# What the machine and the rule may do, asked of their policies as IAM would decide.

provider "aws" {
  region = "eu-west-1"
}

variables {
  name        = "waybill-dev"
  environment = "dev"
  functions = {
    for short in ["api", "intake", "migrate", "release"] : short => {
      name = "waybill-dev-${short}", arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-${short}"
    }
  }
  artifacts = { bucket = "waybill-artifacts" }
  log_days  = 14
}

run "release" {
  assert {
    condition = alltrue([
      for role, service in { machine = "states.amazonaws.com", recovery = "events.amazonaws.com" } : [
        for statement in [one(jsondecode({ machine = aws_iam_role.machine.assume_role_policy, recovery = aws_iam_role.recovery.assume_role_policy }[role]).Statement)] : (
          statement.Principal == { Service = service } && statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012"
        )
      ][0]
    ])
    error_message = "Only Step Functions may take on the machine's role, and only EventBridge the rule's, for this account."
  }

  assert {
    condition = (
      one(jsondecode(aws_iam_role.machine.assume_role_policy).Statement).Condition.ArnLike["aws:SourceArn"] == aws_sfn_state_machine.release.arn
      && one(jsondecode(aws_iam_role.recovery.assume_role_policy).Statement).Condition.ArnEquals["aws:SourceArn"] == aws_cloudwatch_event_rule.recovery.arn
    )
    error_message = "Another machine or another rule must not borrow the roles."
  }

  assert {
    condition     = aws_sfn_state_machine.release.role_arn == aws_iam_role.machine.arn && aws_iam_role.machine.name != aws_iam_role.recovery.name
    error_message = "Machine and rule have a role each."
  }
}

# Every task of the definition has its right, and no right is there that no task needs.
run "rights_are_those_of_the_definition" {
  assert {
    condition = length(setsubtract(
      [
        for resource in regexall("\"Resource\": \"arn:aws:states:::([^\"]+)\"", file("${path.module}/definition.asl.json")) :
        resource[0] == "lambda:invoke" ? "lambda:InvokeFunction" : join(":", [
          replace(split(":", trimprefix(resource[0], "aws-sdk:"))[0], "sfn", "states"), title(split(":", trimprefix(resource[0], "aws-sdk:"))[1]),
        ])
      ],
      flatten([for statement in jsondecode(aws_iam_role_policy.machine.policy).Statement : statement.Action]),
    )) == 0
    error_message = "A state of the definition does what the role does not allow."
  }

  assert {
    condition = length(setsubtract(
      flatten([for statement in jsondecode(aws_iam_role_policy.machine.policy).Statement : statement.Action if !startswith(statement.Sid, "Write")]),
      concat(
        [
          for resource in regexall("\"Resource\": \"arn:aws:states:::([^\"]+)\"", file("${path.module}/definition.asl.json")) :
          resource[0] == "lambda:invoke" ? "lambda:InvokeFunction" : join(":", [
            replace(split(":", trimprefix(resource[0], "aws-sdk:"))[0], "sfn", "states"), title(split(":", trimprefix(resource[0], "aws-sdk:"))[1]),
          ])
        ],
        # What updating code asks for besides.
        ["lambda:PublishVersion", "s3:GetObject"],
      ),
    )) == 0
    error_message = "The role has a right that no state of the definition needs."
  }
}

run "allowed" {
  command = plan

  module {
    source = "../../bootstrap/tests/simulator"
  }

  variables {
    policies = { machine = [run.release.policies.machine], rule = [run.release.policies.rule] }
    requests = {
      for name, request in {
        "alias read"           = { action = "lambda:GetAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake" }
        "alias read by name"   = { action = "lambda:GetAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake:live" }
        "alias moved"          = { action = "lambda:UpdateAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake" }
        "code"                 = { action = "lambda:UpdateFunctionCode", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake" }
        "zip"                  = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
        "version looked at"    = { action = "lambda:GetFunctionConfiguration", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake:7" }
        "version called"       = { action = "lambda:InvokeFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-release:7" }
        "lock taken"           = { action = "dynamodb:PutItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-dev-releases" }
        "lock given back"      = { action = "dynamodb:DeleteItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-dev-releases" }
        "holder asked"         = { action = "states:DescribeExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-dev-release:abc" }
        "told"                 = { action = "sns:Publish", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-dev-releases" }
        "alarms read"          = { action = "cloudwatch:DescribeAlarms", resource = "*" }
        "logged"               = { action = "logs:CreateLogDelivery", resource = "*" }
        "traced"               = { action = "xray:PutTraceSegments", resource = "*" }
        "the rule starts anew" = { role = "rule", action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-dev-release" }
      } : name => merge({ role = "machine" }, request)
    }
  }

  assert {
    condition     = alltrue(values(output.allowed))
    error_message = "Not allowed: ${join(", ", [for name, allowed in output.allowed : name if !allowed])}."
  }
}

run "refused" {
  command = plan

  module {
    source = "../../bootstrap/tests/simulator"
  }

  variables {
    policies = { machine = [run.release.policies.machine], rule = [run.release.policies.rule] }
    requests = {
      for name, request in {
        "a function deleted whole"          = { action = "lambda:DeleteFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake" }
        "a version deleted"                 = { action = "lambda:DeleteFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake:7" }
        "an alias deleted"                  = { action = "lambda:DeleteAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake:live" }
        "code called that was not released" = { action = "lambda:InvokeFunction", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake" }
        "settings changed"                  = { action = "lambda:UpdateFunctionConfiguration", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-intake" }
        "a function that is not its own"    = { action = "lambda:UpdateAlias", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-dev-janitor" }
        "staging's function"                = { action = "lambda:UpdateFunctionCode", resource = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-staging-intake" }
        "a preview's code"                  = { action = "s3:GetObject", resource = "arn:aws:s3:::waybill-artifacts/previews/abc/intake.zip" }
        "code replaced"                     = { action = "s3:PutObject", resource = "arn:aws:s3:::waybill-artifacts/releases/abc/intake.zip" }
        "the artifacts listed"              = { action = "s3:ListBucket", resource = "arn:aws:s3:::waybill-artifacts" }
        "the table deleted"                 = { action = "dynamodb:DeleteTable", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-dev-releases" }
        "staging's lock"                    = { action = "dynamodb:DeleteItem", resource = "arn:aws:dynamodb:eu-west-1:123456789012:table/waybill-staging-releases" }
        "itself started"                    = { action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-dev-release" }
        "an execution stopped"              = { action = "states:StopExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-dev-release:abc" }
        "another machine's execution"       = { action = "states:DescribeExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-dev-releases:abc" }
        "alarms told"                       = { action = "sns:Publish", resource = "arn:aws:sns:eu-west-1:123456789012:waybill-dev-alarms" }
        "an alarm silenced"                 = { action = "cloudwatch:DisableAlarmActions", resource = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:waybill-dev-api-errors" }
        "the rule stops"                    = { role = "rule", action = "states:StopExecution", resource = "arn:aws:states:eu-west-1:123456789012:execution:waybill-dev-release:abc" }
        "the rule starts another machine"   = { role = "rule", action = "states:StartExecution", resource = "arn:aws:states:eu-west-1:123456789012:stateMachine:waybill-staging-release" }
      } : name => merge({ role = "machine" }, request)
    }
  }

  assert {
    condition     = !anytrue(values(output.allowed))
    error_message = "Allowed: ${join(", ", [for name, allowed in output.allowed : "${name} (${join(" ", output.because[name])})" if allowed])}."
  }
}

run "a_preview" {
  variables {
    name        = "waybill-pr-7"
    environment = "pr-7"
    functions = {
      for short in ["migrate", "release"] : short => {
        name = "waybill-pr-7-${short}", arn = "arn:aws:lambda:eu-west-1:123456789012:function:waybill-pr-7-${short}"
      }
    }
    artifacts = { bucket = "waybill-artifacts", folders = ["releases", "previews"] }
    tracing   = false
  }

  assert {
    condition = toset([for statement in jsondecode(aws_iam_role_policy.machine.policy).Statement : statement.Resource if statement.Sid == "Code"][0]) == toset([
      "arn:aws:s3:::waybill-artifacts/releases/*", "arn:aws:s3:::waybill-artifacts/previews/*",
    ])
    error_message = "A preview takes code from both folders."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.machine.policy, "xray:")
    error_message = "What sends no traces needs no right to."
  }
}
