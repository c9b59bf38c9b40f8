# The API as containers, where an environment wants that; the function stays beside it.

module "service" {
  source = "../modules/service"
  count  = var.service == null ? 0 : 1

  name                = local.name
  network             = { vpc_id = module.network[0].vpc_id, subnet_ids = local.network.subnet_ids, security_group_ids = local.network.security_group_ids }
  image               = { repository = "${local.registry}/api", release = var.release }
  architecture        = var.architecture
  certificate_arn     = var.service.certificate.arn
  size                = var.service.size
  tasks               = var.service.tasks
  requests_per_minute = var.service.requests_per_minute
  variables           = local.variables.api
  statements          = local.statements.api
  tags                = { project = var.prefix, environment = local.environment }
  log_days            = var.log_days

  permissions_boundary = local.boundary
}
