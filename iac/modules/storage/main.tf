locals {
  copies = { for purpose, arn in var.replicate_to : purpose => { bucket_arn = arn } }

  buckets = {
    incoming = module.incoming
    curated  = module.curated
    reports  = module.reports
  }
}

# What partners hand over, as they did. Never changed, never moved: the ledger names objects by bucket, key and version.
module "incoming" {
  source = "../bucket"

  name        = "${var.name}-incoming"
  destroyable = var.destroyable

  retention = {
    tiers       = var.incoming.tiers
    expire_days = var.incoming.keep_days
  }

  acceleration         = var.incoming.acceleration
  cors_origins         = var.incoming.cors_origins
  replicate_to         = lookup(local.copies, "incoming", null)
  access_logs          = var.access_logs
  permissions_boundary = var.permissions_boundary
}

# What was made of it for others to read.
module "curated" {
  source = "../bucket"

  name        = "${var.name}-curated"
  destroyable = var.destroyable

  replicate_to         = lookup(local.copies, "curated", null)
  access_logs          = var.access_logs
  permissions_boundary = var.permissions_boundary
}

# What was wrong with what was rejected.
module "reports" {
  source = "../bucket"

  name        = "${var.name}-reports"
  destroyable = var.destroyable

  retention = {
    expire_days = var.keep_reports_days
  }

  replicate_to         = lookup(local.copies, "reports", null)
  access_logs          = var.access_logs
  permissions_boundary = var.permissions_boundary
}
