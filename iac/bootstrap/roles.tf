# The roles and what each gets. A managed policy holds 6,144 characters and a role ten of them, hence the parts.

locals {
  roles = { for role in keys(local.reach) : role => contains(local.deploys, role) ? "${var.prefix}-deploy-${role}" : "${var.prefix}-${role}" }

  policies = {
    for role in keys(local.reach) : role => {
      for part, documents in {
        compute       = data.aws_iam_policy_document.compute
        containers    = data.aws_iam_policy_document.containers
        data          = data.aws_iam_policy_document.data
        database      = data.aws_iam_policy_document.database
        files         = data.aws_iam_policy_document.files
        identity      = data.aws_iam_policy_document.identity
        looking       = data.aws_iam_policy_document.looking
        network       = data.aws_iam_policy_document.network
        observability = data.aws_iam_policy_document.observability
        reading       = data.aws_iam_policy_document.reading
      } : part => documents[role].minified_json if contains(keys(documents), role)
    }
  }

  parts_of_roles = merge([
    for role, parts in local.policies : { for part in keys(parts) : "${role}-${part}" => { role = role, part = part } }
  ]...)

  purposes = {
    plan      = "Plans of dev, staging and previews. Reads only."
    plan-prod = "Plans of prod. Reads only."
    preview   = "Makes, changes and destroys previews."
  }
}

resource "aws_iam_role" "this" {
  for_each = local.reach

  name               = local.roles[each.key]
  description        = lookup(local.purposes, each.key, "Makes and changes ${each.key}.")
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
  # A first apply waits for a database with its replica, longer than the hour that is usual.
  max_session_duration = contains(local.readers, each.key) ? 3600 : 7200
}

resource "aws_iam_policy" "role" {
  for_each = local.parts_of_roles

  name        = "${local.roles[each.value.role]}-${each.value.part}"
  description = "What ${local.roles[each.value.role]} may do: ${each.value.part}."
  policy      = local.policies[each.value.role][each.value.part]
}

resource "aws_iam_role_policy_attachment" "role" {
  for_each = local.parts_of_roles

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = aws_iam_policy.role[each.key].arn
}
