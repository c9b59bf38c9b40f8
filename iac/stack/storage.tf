module "storage" {
  source = "../modules/storage"

  name              = local.name
  destroyable       = var.storage.destroyable
  incoming          = var.storage.incoming
  keep_reports_days = var.storage.keep_reports
  copies            = var.storage.copies
  # A bucket that iac/bootstrap makes.
  access_logs = var.storage.access_logs ? { bucket = "${var.prefix}-access-logs", prefix = "${local.environment}/" } : null

  permissions_boundary = local.boundary
}
