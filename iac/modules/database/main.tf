# The server. What is inside, databases and logins, is made by the functions provision and migrate: Terraform has no
# way into the VPC, and a database must outlive a mistake in a plan.

locals {
  major = split(".", var.engine_version)[0]

  # What a last snapshot is needed for must not be undone by a later stack of the same name.
  final_snapshot = "${var.name}-final-${random_id.life.hex}"

  log_exports = concat(["postgresql", "upgrade"], var.iam_authentication ? ["iam-db-auth-error"] : [])

  # Where nothing is protected nobody wants to wait for Sunday.
  apply_immediately = coalesce(var.apply_immediately, !var.protected)

  insights_mode = var.insights_days == 465 ? "advanced" : "standard"

  # Minutes of the day: when the window begins and ends.
  windows = {
    for purpose, window in var.windows :
    purpose => [for time in regexall("[0-9]{2}:[0-9]{2}", window) : tonumber(split(":", time)[0]) * 60 + tonumber(split(":", time)[1])]
  }
  window_days = distinct(regexall("[a-z]{3}", var.windows.maintenance))
}

resource "random_id" "life" {
  byte_length = 4
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Where ${var.name} may stand."
  subnet_ids  = var.subnet_ids
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_118:enhanced monitoring is billed by its logs and needs a role; Database Insights shows the load for nothing
  #checkov:skip=CKV_AWS_157:a standby doubles the price; prod has one, small environments do not
  #checkov:skip=CKV_AWS_161:passwords of 32 random characters are the rule, tokens a choice of the environment (iam_authentication)
  #checkov:skip=CKV_AWS_293:an environment says itself whether it is protected; previews and dev must go without hand work
  #checkov:skip=CKV_AWS_353:on unless an environment turns it off (insights_days, 7 by default), which checkov does not compute
  #checkov:skip=CKV_AWS_354:the AWS managed key of RDS encrypts it; a key of our own would cost more and protect from nobody else

  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  multi_az       = var.multi_az

  # The version is named in the environment's file, and that change is looked at; without this it would fail.
  allow_major_version_upgrade = true
  auto_minor_version_upgrade  = true
  # A version past its time is upgraded rather than kept alive at a price per vCPU that grows every year.
  engine_lifecycle_support = "open-source-rds-extended-support-disabled"

  username             = "waybill_admin"
  password             = random_password.admin.result
  parameter_group_name = aws_db_parameter_group.this.name
  ca_cert_identifier   = local.certificate_authority

  allocated_storage     = var.storage_gb.initial
  max_allocated_storage = var.storage_gb.maximum > var.storage_gb.initial ? var.storage_gb.maximum : 0 # 0: it does not grow
  storage_type          = "gp3"
  storage_encrypted     = true

  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [var.security_group_id]
  publicly_accessible                 = false
  port                                = local.port
  iam_database_authentication_enabled = var.iam_authentication

  backup_retention_period   = var.backup_days
  backup_window             = var.windows.backup
  maintenance_window        = var.windows.maintenance
  copy_tags_to_snapshot     = true
  deletion_protection       = var.protected
  skip_final_snapshot       = !var.protected
  final_snapshot_identifier = var.protected ? local.final_snapshot : null
  delete_automated_backups  = !var.protected
  apply_immediately         = local.apply_immediately

  enabled_cloudwatch_logs_exports       = local.log_exports
  database_insights_mode                = local.insights_mode
  performance_insights_enabled          = var.insights_days > 0
  performance_insights_retention_period = var.insights_days > 0 ? var.insights_days : null
  monitoring_interval                   = 0

  # RDS would make the groups itself otherwise, and keep logs for ever.
  depends_on = [aws_cloudwatch_log_group.this]

  lifecycle {
    precondition {
      condition     = length(local.window_days) == 1 && alltrue([for window in local.windows : window[1] - window[0] >= 30])
      error_message = "The windows must last at least 30 minutes and not cross midnight: backup ${var.windows.backup}, maintenance ${var.windows.maintenance}."
    }

    precondition {
      condition     = local.windows.backup[1] <= local.windows.maintenance[0] || local.windows.maintenance[1] <= local.windows.backup[0]
      error_message = "The windows must not overlap: backup ${var.windows.backup}, maintenance ${var.windows.maintenance}."
    }
  }
}
