# The passwords of one database's logins. The functions look for them under these names; migrate and provision give
# them to PostgreSQL.

resource "random_password" "this" {
  for_each = var.logins

  length  = 32
  special = false # nothing to quote in a URL or a shell
}

resource "aws_ssm_parameter" "this" {
  #checkov:skip=CKV_AWS_337:the AWS managed key encrypts it; who may read it is said by the roles, which name the parameter
  for_each = var.logins

  name        = "${var.parameters}/database/${each.value}/password"
  description = "Password of the database login ${each.value}."
  type        = "SecureString"
  value       = random_password.this[each.value].result
}
