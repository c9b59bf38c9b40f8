# Functions and what calls them: mappings, HTTP APIs, schedules, state machines, and the rules that start those.

data "aws_iam_policy_document" "compute" {
  for_each = local.writers

  statement {
    sid = "Functions"
    actions = [
      "lambda:AddPermission", "lambda:RemovePermission",
      "lambda:CreateAlias", "lambda:DeleteAlias", "lambda:UpdateAlias",
      "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:PublishVersion", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
      "lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency",
      "lambda:DeleteFunctionEventInvokeConfig", "lambda:PutFunctionEventInvokeConfig", "lambda:UpdateFunctionEventInvokeConfig",
      "lambda:PutFunctionRecursionConfig", "lambda:PutRuntimeManagementConfig",
      "lambda:InvokeFunction",
      "lambda:TagResource", "lambda:UntagResource",
    ]
    resources = local.arns[each.key].functions
  }

  statement {
    # AWS makes up the ids of mappings: the function that one feeds says whose it is.
    sid       = "Mappings"
    actions   = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    resources = ["*"] # A mapping that is being made has no ARN yet.

    condition {
      test     = "ArnLike"
      variable = "lambda:FunctionArn"
      values   = local.arns[each.key].functions
    }
  }

  statement {
    # Tags of mappings give nobody any right: the statement above asks for the function.
    sid       = "TagMappings"
    actions   = ["lambda:TagResource"]
    resources = [local.mappings]

    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/environment"
      values   = local.reach[each.key]
    }
  }

  statement {
    sid       = "CreateApi"
    actions   = ["apigateway:POST", "apigateway:TagResource"]
    resources = ["${local.gateway}/apis", "${local.gateway}/domainnames", "${local.gateway}/vpclinks"]

    condition {
      test     = "StringLike"
      variable = "aws:RequestTag/environment"
      values   = local.reach[each.key]
    }
  }

  statement {
    sid       = "ChangeOwnApi"
    actions   = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT", "apigateway:TagResource"]
    resources = [for path in ["apis/*", "domainnames/*", "vpclinks/*", "tags/*"] : "${local.gateway}/${path}"]

    condition {
      test     = "StringLike"
      variable = "aws:ResourceTag/environment"
      values   = local.reach[each.key]
    }

    # Other tags freely; this one only to what it is.
    condition {
      test     = "StringLikeIfExists"
      variable = "aws:RequestTag/environment"
      values   = local.reach[each.key]
    }
  }

  statement {
    # Of an HTTP API's parts only stages have tags, and whether the others count as having the API's is documented
    # nowhere. So parts without a tag may be changed; the price is that those of another environment's API may be too,
    # whose id would have to be known. What has another's tag is refused below.
    sid       = "ApiParts"
    actions   = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
    resources = flatten([for part in ["integrations", "routes", "stages", "apimappings"] : ["${local.gateway}/apis/*/${part}", "${local.gateway}/apis/*/${part}/*", "${local.gateway}/domainnames/*/${part}*"]])

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/environment"
      values   = ["true"]
    }
  }

  statement {
    sid = "Schedules"
    actions = [
      "scheduler:CreateSchedule", "scheduler:CreateScheduleGroup", "scheduler:DeleteSchedule", "scheduler:DeleteScheduleGroup",
      "scheduler:TagResource", "scheduler:UntagResource", "scheduler:UpdateSchedule",
    ]
    resources = local.arns[each.key].schedules
  }

  statement {
    sid       = "Rules"
    actions   = ["events:DeleteRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource", "events:UntagResource"]
    resources = local.arns[each.key].rules
  }

  statement {
    # And what brings releases out: a release is started, shown, and stopped by the role that deploys.
    sid = "Machines"
    actions = [
      "states:CreateStateMachine", "states:DeleteStateMachine", "states:PublishStateMachineVersion", "states:UpdateStateMachine",
      "states:TagResource", "states:UntagResource",
      "states:DescribeExecution", "states:GetExecutionHistory", "states:StartExecution", "states:StopExecution",
    ]
    resources = concat(local.arns[each.key].machines, local.arns[each.key].executions)
  }

  dynamic "statement" {
    for_each = each.key == "preview" ? [1] : []

    content {
      # The one thing of dev's that a preview may use: it makes, and drops, the preview's database in dev's server.
      sid       = "ProvisionDatabase"
      actions   = ["lambda:InvokeFunction"]
      resources = [for form in ["", ":*"] : "arn:${local.partition}:lambda:${local.here}:function:${var.prefix}-dev-provision${form}"]
    }
  }

  dynamic "statement" {
    for_each = length(local.zones[each.key]) > 0 ? [1] : []

    content {
      sid       = "Zone"
      actions   = ["route53:ChangeResourceRecordSets"]
      resources = local.zones[each.key]
    }
  }

  dynamic "statement" {
    for_each = length(local.zones[each.key]) > 0 ? [1] : []

    content {
      sid       = "ZoneChanges"
      actions   = ["route53:GetChange"]
      resources = ["arn:${local.partition}:route53:::change/*"] # AWS makes up the ids of changes.
    }
  }
}
