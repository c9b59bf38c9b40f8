# Terraform's own files: each role its environment's state and lock, and what may be read and written of what is built.

data "aws_iam_policy_document" "state" {
  for_each = local.reach

  statement {
    # The whole bucket: Terraform lists workspaces, and without this right S3 answers "forbidden" instead of
    # "not there" for the state of an environment that is new. It tells names of environments, nothing in them.
    sid       = "ListStates"
    actions   = ["s3:ListBucket"]
    resources = ["${local.s3}${local.state_bucket[each.key]}"]
  }

  statement {
    sid     = "ReadState"
    actions = ["s3:GetObject"]
    # And the state of the workspace `default`, which is never there: `terraform init` looks for it all the same.
    resources = concat(local.states[each.key], ["${local.s3}${local.state_bucket[each.key]}/${local.state_key}"])
  }

  dynamic "statement" {
    # Plans do not lock: a lock that any pull request can take is one that any pull request can hold.
    for_each = contains(local.readers, each.key) ? [] : [1]

    content {
      sid       = "WriteState"
      actions   = ["s3:PutObject"]
      resources = local.states[each.key]
    }
  }

  dynamic "statement" {
    for_each = contains(local.readers, each.key) ? [] : [1]

    content {
      sid       = "Lock"
      actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      resources = [for state in local.states[each.key] : "${state}.tflock"]
    }
  }

  dynamic "statement" {
    # `terraform workspace delete` ends a preview. Other workspaces stay, and so do deleted versions: nobody here may delete those.
    for_each = each.key == "preview" ? [1] : []

    content {
      sid       = "ForgetWorkspace"
      actions   = ["s3:DeleteObject"]
      resources = local.states[each.key]
    }
  }

  dynamic "statement" {
    # Names allow all of this to nobody already. It is refused as well, so that nothing attached later opens it.
    for_each = contains(local.prods, each.key) ? [] : [1]

    content {
      sid    = "NeverProd"
      effect = "Deny"
      # Every action: whatever S3 and Parameter Store learn to do, it is not for these roles to do it there.
      actions = ["s3:*", "ssm:*"]
      resources = [
        "${local.s3}${local.buckets.prod_state}",
        "${local.s3}${local.buckets.prod_state}/*",
        "arn:${local.partition}:ssm:${local.here}:parameter/${var.prefix}/prod/*",
      ]
    }
  }

  dynamic "statement" {
    # prod's state bucket has a name of prod's, but is not of prod's stack: its settings and old versions are out of reach.
    for_each = contains(local.prods, each.key) ? [1] : []

    content {
      sid         = "KeepStateBucket"
      effect      = "Deny"
      not_actions = ["s3:DeleteObject", "s3:GetBucket*", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]
      resources   = ["${local.s3}${local.buckets.prod_state}", "${local.s3}${local.buckets.prod_state}/*"]
    }
  }
}

data "aws_iam_policy_document" "artifacts" {
  for_each = local.writers

  statement {
    sid       = "ReadArtifacts"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"]
    resources = ["${local.s3}${local.buckets.artifacts}", "${local.s3}${local.buckets.artifacts}/*"]
  }

  statement {
    sid       = "ReadImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"]
    resources = local.registry_arns
  }

  dynamic "statement" {
    # A release is published once, on its way into dev; staging and prod run the same bytes and cannot replace them.
    # A preview publishes beside releases, where no other environment takes its code from.
    for_each = [for writer, folder in { dev = "releases", preview = "previews" } : folder if writer == each.key]

    content {
      sid       = "Publish"
      actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
      resources = ["${local.s3}${local.buckets.artifacts}/${statement.value}/*"]
    }
  }

  dynamic "statement" {
    for_each = each.key == "dev" ? [1] : []

    content {
      sid       = "PublishImages"
      actions   = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
      resources = local.registry_arns
    }
  }

  dynamic "statement" {
    for_each = each.key == "dev" ? [1] : []

    content {
      sid       = "RegistryLogin"
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"] # The token is the registry's, not a repository's; what it opens is said above.
    }
  }
}

data "aws_iam_policy_document" "files" {
  for_each = local.reach

  source_policy_documents = concat(
    [data.aws_iam_policy_document.state[each.key].json],
    [for writer, document in data.aws_iam_policy_document.artifacts : document.json if writer == each.key],
  )
}
