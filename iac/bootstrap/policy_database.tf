# The environment's own database server. Previews have a database inside dev's and get none of this.

data "aws_iam_policy_document" "database" {
  for_each = local.deploys

  statement {
    sid = "Databases"
    actions = [
      "rds:AddTagsToResource", "rds:RemoveTagsFromResource",
      "rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica", "rds:DeleteDBInstance", "rds:ModifyDBInstance",
      "rds:PromoteReadReplica", "rds:RebootDBInstance", "rds:StartDBInstance", "rds:StopDBInstance",
      "rds:CreateDBParameterGroup", "rds:DeleteDBParameterGroup", "rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup",
      "rds:CreateDBSubnetGroup", "rds:DeleteDBSubnetGroup", "rds:ModifyDBSubnetGroup",
      # The snapshot that is taken last. None may delete one.
      "rds:CreateDBSnapshot",
    ]
    resources = local.arns[each.key].databases
  }

  statement {
    # PostgreSQL has no options, but RDS puts every instance into the option group it made for the engine.
    sid       = "DefaultOptions"
    actions   = ["rds:CreateDBInstance", "rds:CreateDBInstanceReadReplica", "rds:ModifyDBInstance"]
    resources = ["arn:${local.partition}:rds:${local.here}:og:default*"]
  }
}
