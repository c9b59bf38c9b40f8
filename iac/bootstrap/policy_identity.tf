# Roles of functions, machines, schedules and the like: with the environment's names, and never without the environment's boundary.

data "aws_iam_policy_document" "identity" {
  for_each = local.writers

  statement {
    sid       = "BoundedRoles"
    actions   = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
    resources = local.arns[each.key].roles

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [local.boundaries[each.key]]
    }
  }

  statement {
    # None of these widens what a role may do. Managed policies are not attached at all: every role has its own statements.
    sid       = "Roles"
    actions   = ["iam:DeleteRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"]
    resources = local.arns[each.key].roles
  }

  statement {
    sid       = "KeepBoundary"
    effect    = "Deny"
    actions   = ["iam:DeleteRolePermissionsBoundary"]
    resources = ["*"] # A refusal is wide on purpose.
  }

  statement {
    sid       = "PassRoles"
    actions   = ["iam:PassRole"]
    resources = local.arns[each.key].roles

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "events.amazonaws.com", "lambda.amazonaws.com", "s3.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com", "vpc-flow-logs.amazonaws.com"]
    }
  }

  statement {
    # AWS names and fills these roles itself, once per account, at the first database, the first API with a domain, the first
    # queue of jobs, the first application of Spark, the first service and what balances and scales it.
    sid       = "ServiceRoles"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:${local.partition}:iam::${local.account}:role/aws-service-role/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values = [
        "batch.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com",
        "ops.apigateway.amazonaws.com", "ops.emr-serverless.amazonaws.com", "rds.amazonaws.com",
      ]
    }
  }
}
