# GitHub's workflows prove who they are with a signed token; no key is kept anywhere.

locals {
  issuer   = "token.actions.githubusercontent.com"
  provider = "arn:${local.partition}:iam::${local.account}:oidc-provider/${local.issuer}"

  # GitHub's environments in which nothing but a plan is made have names of their own: they ask nobody, and get no role
  # that writes.
  contexts = {
    plan      = ["pull_request", "environment:dev-plan", "environment:staging-plan"]
    plan-prod = ["environment:prod-plan"]
  }
  subjects = {
    for role in keys(local.reach) : role => coalescelist(
      coalesce(var.subjects[role], []),
      formatlist("repo:${var.repository}:%s", lookup(local.contexts, role, ["environment:${role}"])),
    )
  }
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.make_oidc_provider ? 1 : 0

  # AWS checks GitHub's certificate against its own list of authorities: no thumbprint to keep up to date.
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  #checkov:skip=CKV_AWS_358:The subjects come from variables, which checkov cannot see; their validation and the tests refuse a wildcard before or for the repository

  for_each = local.reach

  statement {
    sid     = "GitHub"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider]
    }

    # The audience, so that a token made for another service opens nothing here.
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "${local.issuer}:sub"
      values   = local.subjects[each.key]
    }
  }
}
