module "intake" {
  source = "../modules/intake"

  name   = local.name
  bucket = module.storage.buckets["incoming"]

  function = {
    name      = module.function["intake"].name
    alias_arn = module.function["intake"].alias.arn
    timeout_s = var.functions["intake"].timeout_s
  }

  queue = {
    visibility_s            = var.intake.visibility_s
    max_receive_count       = var.intake.max_receive_count
    retention_s             = var.intake.retention_s
    dead_letter_retention_s = var.intake.dead_letter_retention_s
  }

  incoming     = var.intake.incoming
  loads        = { maximum_concurrency = var.intake.maximum_concurrency }
  next_minutes = var.intake.next_minutes
}
