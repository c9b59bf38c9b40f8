# What runs as containers: the queues of large loads (modules/bulk), and the API behind a load balancer (modules/service).
# Previews have neither.

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
