# What watches the environment, what puts it to sleep, and what it may cost.

module "observability" {
  source = "../modules/observability"
  count  = var.alarms == null ? 0 : 1

  name        = local.name
  environment = local.environment
  runbooks    = var.runbooks
  emails      = var.emails
  dashboard   = var.alarms.dashboard

  functions = { for short, function in module.function : short => { name = function.name, timeout_s = function.timeout_s } }

  queue_name                     = module.intake.queue.name
  loads_queue_name               = module.intake.loads.name
  dead_letter_queue_name         = module.intake.dead_letters.name
  janitor_dead_letter_queue_name = try(module.janitor[0].dead_letters.name, null)

  release = { machine_arn = module.release.machine.arn, rule = module.release.rule }
  spark   = var.spark == null ? null : { machine_arn = local.spark_arn }

  task_lane = var.bulk != null

  api = { id = module.api.id, stage = module.api.stage }

  service          = one([for service in module.service : { dimensions = service.dimensions, least = var.service.tasks.least }])
  announcing_rules = var.bulk == null ? [] : [local.bulk_rule_arn]

  database = one([for server in module.database : {
    identifier         = server.identifier
    replica_identifier = try(server.replica.identifier, null)
    connections_budget = local.session_budget
  }])
}

locals {
  # The most sessions that all functions, loads as tasks and jobs of Spark can open together: crates/platform/src/names.rs has the same sum.
  sessions = { intake = 2, api = 2, migrate = 1, provision = 1, janitor = 0, release = 0 }
  session_budget = sum(concat(
    [for short, function in var.functions : coalesce(function.reserved_concurrency, 0) * local.sessions[short]],
    [try(module.bulk[0].tasks, 0) * local.sessions.intake, try(module.service[0].sessions, 0), try(module.spark[0].sessions, 0)],
  ))
}

module "janitor" {
  source = "../modules/janitor"
  count  = var.hours == null ? 0 : 1

  name  = local.name
  hours = var.hours

  function = {
    arn       = module.function["janitor"].arn
    alias_arn = module.function["janitor"].alias.arn
  }

  permissions_boundary = local.boundary
}

module "budget" {
  source = "../modules/budget"
  # A budget that tells nobody cannot be made.
  count = var.budget == null || length(var.emails) == 0 ? 0 : 1

  name        = local.name
  monthly_usd = var.budget.monthly_usd
  emails      = var.emails
  tags        = { environment = local.environment }
}

check "somebody_is_told" {
  assert {
    condition     = length(var.emails) > 0 || (var.alarms == null && var.budget == null) || var.emulated
    error_message = "Nobody is told of alarms, and there is no budget: emails in environments/common.tfvars is empty."
  }
}
