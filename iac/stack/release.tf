# What brings a release out: docs/releases.md.

module "release" {
  source = "../modules/release"

  name          = local.name
  environment   = local.environment
  functions     = { for short, function in module.function : short => { name = function.name, arn = function.arn } }
  alias         = module.function["release"].alias.name
  steps         = var.releases.steps
  keep_versions = var.releases.keep_versions
  # As with alarms: where nobody is told of those, nobody is of releases.
  emails   = var.alarms == null ? [] : var.emails
  log_days = var.log_days
  tracing  = var.tracing

  artifacts = {
    bucket  = local.artifacts.bucket
    folders = distinct(["releases", local.artifacts.folder])
  }

  permissions_boundary = local.boundary
}
