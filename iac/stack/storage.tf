module "storage" {
  source = "../modules/storage"

  name              = local.name
  destroyable       = var.storage.destroyable
  incoming          = var.storage.incoming
  keep_reports_days = var.storage.keep_reports
  replicate_to      = var.storage.replicate_to
  access_logs       = var.storage.access_logs ? { bucket = "${var.prefix}-access-logs", prefix = "${local.environment}/" } : null
}
