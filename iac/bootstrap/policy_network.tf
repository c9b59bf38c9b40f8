# Networks: nothing in EC2 has a name in its ARN, so the tag `environment` decides. A thing must be born with it, and
# only what has it can be changed. Previews make no network and get none of this.

locals {
  network_kinds = ["elastic-ip", "internet-gateway", "natgateway", "route-table", "security-group", "security-group-rule", "subnet", "vpc", "vpc-endpoint", "vpc-flow-log"]
  network       = formatlist("arn:${local.partition}:ec2:${local.here}:%s/*", local.network_kinds)

  network_births = [
    "ec2:AllocateAddress", "ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateFlowLogs",
    "ec2:CreateInternetGateway", "ec2:CreateNatGateway", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet",
    "ec2:CreateVpc", "ec2:CreateVpcEndpoint",
  ]
}

data "aws_iam_policy_document" "network" {
  for_each = local.deploys

  statement {
    sid       = "CreateWithTag"
    actions   = local.network_births
    resources = local.network

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/environment"
      values   = [each.key]
    }
  }

  statement {
    sid = "ChangeOwn"
    # The births again: a subnet is made in a VPC, and that VPC must be the environment's.
    actions = concat(local.network_births, [
      "ec2:AssociateRouteTable", "ec2:AttachInternetGateway", "ec2:CreateRoute",
      "ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway", "ec2:DeleteNatGateway", "ec2:DeleteRoute", "ec2:DeleteRouteTable",
      "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints",
      "ec2:DetachInternetGateway", "ec2:DisassociateAddress", "ec2:DisassociateRouteTable",
      "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint",
      "ec2:ReleaseAddress", "ec2:ReplaceRoute", "ec2:ReplaceRouteTableAssociation",
      "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
      "ec2:UpdateSecurityGroupRuleDescriptionsEgress", "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
    ])
    resources = local.network

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/environment"
      values   = [each.key]
    }
  }

  statement {
    sid       = "TagWhatIsBorn"
    actions   = ["ec2:CreateTags"]
    resources = local.network

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/environment"
      values   = [each.key]
    }

    condition {
      test     = "Null"
      variable = "ec2:CreateAction"
      values   = ["false"]
    }
  }

  statement {
    sid       = "TagOwn"
    actions   = ["ec2:CreateTags"]
    resources = local.network

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
    sid       = "UntagOwn"
    actions   = ["ec2:DeleteTags"]
    resources = local.network

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/environment"
      values   = [each.key]
    }

    condition {
      test     = "ForAllValues:StringNotEquals"
      variable = "aws:TagKeys"
      values   = ["environment"]
    }
  }

  statement {
    # A VPC is born with a default security group that has no tag. Emptying it begins with taking it into the
    # environment; that there is no telling it from another untagged group is the price.
    sid       = "AdoptDefaultGroup"
    actions   = ["ec2:CreateTags"]
    resources = ["arn:${local.partition}:ec2:${local.here}:security-group/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/environment"
      values   = [each.key]
    }

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/environment"
      values   = ["true"]
    }
  }

  statement {
    # An endpoint with private DNS brings a zone of AWS' own, which the VPC is associated with in the caller's name.
    sid       = "EndpointNames"
    actions   = ["route53:AssociateVPCWithHostedZone", "route53:DisassociateVPCFromHostedZone"]
    resources = ["arn:${local.partition}:route53:::hostedzone/*", "arn:${local.partition}:ec2:${local.here}:vpc/*"]
  }

  statement {
    # Lambda leaves interfaces behind that have no tag; a subnet cannot go before them. One in use cannot be deleted,
    # and nobody here may detach it.
    sid       = "DeleteLeftInterfaces"
    actions   = ["ec2:DeleteNetworkInterface"]
    resources = ["arn:${local.partition}:ec2:${local.here}:network-interface/*"]

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/environment"
      values   = ["true"]
    }
  }

  statement {
    # Where one request touches several things, another environment's must not be among them.
    sid       = "NeverAnothers"
    effect    = "Deny"
    actions   = ["ec2:*"]
    resources = ["*"] # A refusal is wide on purpose.

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/environment"
      values   = ["false"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:ResourceTag/environment"
      values   = [each.key]
    }
  }
}
