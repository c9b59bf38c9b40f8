# A second server that follows the first and answers reads. What it does not say, it takes from the first: version,
# subnets, key, logins.

resource "aws_db_instance" "replica" {
  #checkov:skip=CKV_AWS_118:enhanced monitoring is billed by its logs and needs a role; Database Insights shows the load for nothing
  #checkov:skip=CKV_AWS_133:backups are taken of the first server
  #checkov:skip=CKV_AWS_157:it is itself the second; reads go back to the first server when it fails
  #checkov:skip=CKV_AWS_161:passwords of 32 random characters are the rule, tokens a choice of the environment (iam_authentication)
  #checkov:skip=CKV_AWS_293:an environment says itself whether it is protected
  #checkov:skip=CKV_AWS_353:on unless an environment turns it off (insights_days, 7 by default), which checkov does not compute
  #checkov:skip=CKV_AWS_354:the AWS managed key of RDS encrypts it; a key of our own would cost more and protect from nobody else
  count = var.replica == null ? 0 : 1

  identifier          = "${var.name}-replica"
  replicate_source_db = aws_db_instance.this.identifier
  instance_class      = var.replica.instance_class

  auto_minor_version_upgrade = true
  parameter_group_name       = aws_db_parameter_group.this.name
  ca_cert_identifier         = local.certificate_authority

  max_allocated_storage = aws_db_instance.this.max_allocated_storage
  storage_type          = "gp3"
  storage_encrypted     = true

  vpc_security_group_ids              = [var.security_group_id]
  publicly_accessible                 = false
  port                                = local.port
  iam_database_authentication_enabled = var.iam_authentication

  backup_retention_period = 0
  maintenance_window      = var.windows.maintenance
  copy_tags_to_snapshot   = true
  deletion_protection     = var.protected
  skip_final_snapshot     = true # RDS takes none of a replica
  apply_immediately       = local.apply_immediately

  enabled_cloudwatch_logs_exports       = local.log_exports
  database_insights_mode                = local.insights_mode
  performance_insights_enabled          = var.insights_days > 0
  performance_insights_retention_period = var.insights_days > 0 ? var.insights_days : null
  monitoring_interval                   = 0

  depends_on = [aws_cloudwatch_log_group.this]
}
