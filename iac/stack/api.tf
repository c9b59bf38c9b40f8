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

  service = one([for service in module.service : {
    listener_arn       = service.listener.arn
    subnet_ids         = local.network.subnet_ids
    security_group_ids = [service.listener.security_group_id]
    server_name        = var.service.certificate.name
  }])
}
