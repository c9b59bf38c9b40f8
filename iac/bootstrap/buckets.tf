# Four buckets: two for states, one for what is built, one for the record of who asked the others for what.

module "access_logs" {
  source = "../modules/bucket"

  name                 = local.buckets.logs
  destroyable          = var.destroyable
  receives_access_logs = true
  retention            = { expire_days = 365 }
}

module "state" {
  source   = "../modules/bucket"
  for_each = toset([local.buckets.state, local.buckets.prod_state])

  name        = each.key
  destroyable = var.destroyable
  # A year of versions: a state that was broken in spring is found broken in autumn.
  retention   = { noncurrent_days = 365 }
  access_logs = { bucket = module.access_logs.name, prefix = "" }
}

module "artifacts" {
  source = "../modules/bucket"

  name        = local.buckets.artifacts
  destroyable = var.destroyable
  # Nothing current expires: an environment may run an old release for as long as it likes.
  retention   = { noncurrent_days = 90 }
  access_logs = { bucket = module.access_logs.name, prefix = "" }
}
