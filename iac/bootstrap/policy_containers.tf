# What runs as containers: the queues of large loads (modules/bulk), and the API behind a load balancer (modules/service). And
# the application that very large ones run in (modules/spark). Previews have none of it.

data "aws_iam_policy_document" "containers" {
  for_each = local.deploys

  statement {
    sid = "LoadQueues"
    actions = [
      "batch:CreateComputeEnvironment", "batch:CreateJobQueue", "batch:DeleteComputeEnvironment", "batch:DeleteJobQueue",
      "batch:UpdateComputeEnvironment", "batch:UpdateJobQueue", "batch:TagResource", "batch:UntagResource",
    ]
    resources = concat(local.arns[each.key].environments, local.arns[each.key].job_queues)
  }

  statement {
    # A release brings its own definitions, and takes those of old releases away: scripts/workflow/containers.
    sid       = "LoadDefinitions"
    actions   = ["batch:DeregisterJobDefinition", "batch:RegisterJobDefinition", "batch:TagResource"]
    resources = local.arns[each.key].job_definitions
  }

  statement {
    sid = "Services"
    actions = [
      "ecs:CreateCluster", "ecs:CreateService", "ecs:DeleteCluster", "ecs:DeleteService", "ecs:PutClusterCapacityProviders",
      "ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource", "ecs:UpdateCluster", "ecs:UpdateClusterSettings", "ecs:UpdateService",
    ]
    resources = local.arns[each.key].services
  }

  statement {
    # AWS takes nothing but * here. Whoever is deregistered runs on; what a service starts from is named by the service.
    sid       = "OldTaskDefinitions"
    actions   = ["ecs:DeregisterTaskDefinition"]
    resources = ["*"]
  }

  statement {
    # An application that is being made has no id yet: it must be born with the tag.
    sid       = "CreateApplication"
    actions   = ["emr-serverless:CreateApplication", "emr-serverless:TagResource"]
    resources = ["arn:${local.partition}:emr-serverless:${local.here}:/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/environment"
      values   = [each.key]
    }
  }

  statement {
    sid = "ChangeOwnApplication"
    actions = [
      "emr-serverless:DeleteApplication", "emr-serverless:StopApplication", "emr-serverless:TagResource", "emr-serverless:UntagResource",
      "emr-serverless:UpdateApplication",
    ]
    resources = local.arns[each.key].applications

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/environment"
      values   = [each.key]
    }

    # Other tags freely; this one only to what it is.
    condition {
      test     = "StringEqualsIfExists"
      variable = "aws:RequestTag/environment"
      values   = [each.key]
    }
  }

  statement {
    # EMR looks whether it may put workers into the network, in the caller's name.
    sid       = "ApplicationsNetwork"
    actions   = ["ec2:CreateNetworkInterface"]
    resources = [for kind in ["network-interface", "security-group", "subnet"] : "arn:${local.partition}:ec2:${local.here}:${kind}/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:CalledViaLast"
      values   = ["ops.emr-serverless.amazonaws.com"]
    }
  }

  statement {
    sid = "Balancers"
    actions = [
      "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup",
      "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteTargetGroup",
      "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyListenerAttributes", "elasticloadbalancing:ModifyLoadBalancerAttributes",
      "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes", "elasticloadbalancing:RemoveTags",
      "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets",
    ]
    resources = local.arns[each.key].balancers
  }

  statement {
    # AWS makes up the ids of targets; the service that one scales is in no ARN, but in the tag.
    sid = "Scaling"
    actions = [
      "application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeregisterScalableTarget", "application-autoscaling:PutScalingPolicy",
      "application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource", "application-autoscaling:UntagResource",
    ]
    resources = ["arn:${local.partition}:application-autoscaling:${local.here}:scalable-target/*"]

    condition {
      test     = "StringEqualsIfExists"
      variable = "aws:ResourceTag/environment"
      values   = [each.key]
    }
  }
}
