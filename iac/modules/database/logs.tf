# One group for each kind of log of each server, under the names that RDS writes to.

locals {
  servers = concat([var.name], var.replica == null ? [] : ["${var.name}-replica"])
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts with a key of its own; statements are logged without their values
  #checkov:skip=CKV_AWS_338:how long is the environment's choice
  for_each = toset([for pair in setproduct(local.servers, local.log_exports) : "/aws/rds/instance/${pair[0]}/${pair[1]}"])

  name              = each.value
  retention_in_days = var.log_days
}
