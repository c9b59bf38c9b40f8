module "storage" {
  source = "../modules/storage"

  name              = local.name
  destroyable       = var.storage.destroyable
  incoming          = var.storage.incoming
  keep_reports_days = var.storage.keep_reports
  copies            = var.storage.copies
  # What tasks of one job leave for each other. The job removes it; this removes what a killed one left.
  curated = { short_lived = var.spark == null ? {} : { "${local.lake_prefix}/scratch/" = 3 } }
  # A bucket that iac/bootstrap makes.
  access_logs = var.storage.access_logs ? { bucket = "${var.prefix}-access-logs", prefix = "${local.environment}/" } : null

  permissions_boundary = local.boundary
}
