# What a plan reads, for every role: settings of the role's own environments, never what partners sent and never logs.
# Two documents, because the role `plan` would have too long a one for one policy.

data "aws_iam_policy_document" "reading" {
  for_each = local.reach

  statement {
    sid = "Settings"
    actions = [
      "budgets:ListTagsForResource", "budgets:ViewBudget",
      "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource",
      "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:ListRoleTags",
      "lambda:GetAlias", "lambda:GetFunction*", "lambda:GetPolicy", "lambda:GetProvisionedConcurrencyConfig", "lambda:GetRuntimeManagementConfig", "lambda:List*",
      "logs:DescribeMetricFilters", "logs:ListTagsForResource",
      "rds:Describe*", "rds:ListTagsForResource",
      "scheduler:Get*", "scheduler:ListTagsForResource",
      "sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource",
      "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags",
      "states:Describe*", "states:List*",
    ]
    resources = concat(
      local.arns[each.key].alarms, local.arns[each.key].budgets, local.arns[each.key].dashboards, local.arns[each.key].databases,
      local.arns[each.key].functions, local.arns[each.key].log_groups, local.arns[each.key].machines,
      local.arns[each.key].queues, local.arns[each.key].roles, local.arns[each.key].schedules, local.arns[each.key].topics,
    )
  }
}

data "aws_iam_policy_document" "looking" {
  #checkov:skip=CKV_AWS_356:Statement Lists has only lists and look-ups that AWS has no narrower resource for; the tests hold that they read

  for_each = local.reach

  statement {
    # Each action is about a bucket, none about an object: the names below match objects as well.
    sid = "Buckets"
    actions = [
      "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
      "s3:GetReplicationConfiguration", "s3:ListBucket", "s3:ListTagsForResource",
    ]
    resources = local.arns[each.key].buckets
  }

  statement {
    # Passwords too: Terraform compares each parameter with its state, which holds the same values. Who only plans reads
    # those that Terraform makes, and nothing that somebody puts beside them.
    sid       = "Parameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"]
    resources = contains(local.readers, each.key) ? local.arns[each.key].passwords : local.arns[each.key].parameters
  }

  statement {
    sid = "Releases"
    actions = [
      "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource",
      "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule",
    ]
    resources = concat(local.arns[each.key].rules, local.arns[each.key].tables)
  }

  dynamic "statement" {
    # Containers: previews have none.
    for_each = each.key == "preview" ? [] : [1]

    content {
      sid       = "Containers"
      actions   = ["batch:ListTagsForResource", "ecr:DescribeImages", "ecs:Describe*", "ecs:ListTagsForResource"]
      resources = concat(local.arns[each.key].environments, local.arns[each.key].job_queues, local.arns[each.key].services, local.registry_arns)
    }
  }

  dynamic "statement" {
    for_each = each.key == "preview" ? [] : [1]

    content {
      sid       = "Applications"
      actions   = ["emr-serverless:GetApplication", "emr-serverless:ListTagsForResource"]
      resources = local.arns[each.key].applications

      condition {
        test     = "StringLike"
        variable = "aws:ResourceTag/environment"
        values   = local.reach[each.key]
      }
    }
  }

  statement {
    # AWS makes up the ids of mappings, and reading has no condition on the function.
    sid       = "Mappings"
    actions   = ["lambda:GetEventSourceMapping", "lambda:ListTags"]
    resources = [local.mappings]
  }

  statement {
    # Neither account nor names in these ARNs, and lists have no tags to ask for.
    sid       = "Gateway"
    actions   = ["apigateway:GET"]
    resources = [for path in ["apis", "apis/*", "domainnames", "domainnames/*", "vpclinks", "vpclinks/*", "tags/*"] : "${local.gateway}/${path}"]
  }

  statement {
    # AWS takes nothing but * for these: they list, or look things up by an id that is not in their ARN.
    # Terraform finds a database by its resource id, which is why DescribeDBInstances is here.
    sid = "Lists"
    actions = [
      "application-autoscaling:Describe*", "application-autoscaling:ListTagsForResource",
      "batch:Describe*",
      "cloudwatch:DescribeAlarms",
      "ecs:DescribeTaskDefinition", "elasticloadbalancing:Describe*",
      "ec2:Describe*", "ec2:GetManagedPrefixListEntries", "ec2:GetSecurityGroupsForVpc",
      "lambda:ListEventSourceMappings",
      "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
      "rds:DescribeCertificates", "rds:DescribeDBEngineVersions", "rds:DescribeDBInstances", "rds:DescribeOrderableDBInstanceOptions",
      "ssm:DescribeParameters",
      "states:ListStateMachines", "states:ValidateStateMachineDefinition",
      "tag:GetResources",
    ]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = length(local.zones[each.key]) > 0 ? [1] : []

    content {
      sid       = "Zone"
      actions   = ["route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"]
      resources = local.zones[each.key]
    }
  }
}
