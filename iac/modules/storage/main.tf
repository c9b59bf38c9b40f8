locals {
  copies = { for purpose, copy in module.copy : purpose => { bucket_arn = copy.arn } }

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

  retention = {
    short_lived = var.curated.short_lived
  }

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

# For the day on which a region is away, or somebody deleted too much: deletions are not copied.
module "copy" {
  source   = "../bucket"
  for_each = var.copies == null ? toset([]) : var.copies.of

  name        = "${var.name}-${each.key}-copy"
  region      = var.copies.region
  destroyable = var.destroyable

  retention = {
    # What is kept here is kept for as long.
    expire_days = { incoming = var.incoming.keep_days, curated = null, reports = var.keep_reports_days }[each.key]
  }
}
