# The administrator makes databases and their owners, nothing else; the function provision alone reads its password.

resource "random_password" "admin" {
  length  = 32
  special = false # nothing to quote in a URL or a shell
}

resource "aws_ssm_parameter" "admin" {
  #checkov:skip=CKV_AWS_337:the AWS managed key encrypts it; who may read it is said by the roles, which name the parameter
  name        = var.admin_parameter
  description = "Password of waybill_admin on ${var.name}."
  type        = "SecureString"
  value       = random_password.admin.result
}
