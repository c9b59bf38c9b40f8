module "api" {
  source = "../modules/api"

  name     = local.name
  throttle = var.api.throttle
  log_days = var.log_days
  cors     = var.api.cors
  domain   = var.api.domain

  function = {
    name       = module.function["api"].name
    alias_name = module.function["api"].alias.name
    alias_arn  = module.function["api"].alias.arn
  }
}
