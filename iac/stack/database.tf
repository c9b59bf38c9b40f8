module "database" {
  source = "../modules/database"
  count  = var.server.own == null ? 0 : 1

  name               = local.name
  subnet_ids         = module.network[0].subnet_ids
  security_group_id  = module.network[0].database_security_group_id
  engine_version     = var.server.own.engine_version
  instance_class     = var.server.own.instance_class
  storage_gb         = var.server.own.storage_gb
  multi_az           = var.server.own.multi_az
  replica            = var.server.own.replica
  backup_days        = var.server.own.backup_days
  protected          = var.server.own.protected
  iam_authentication = var.server.own.iam_authentication
  insights_days      = var.server.own.insights_days
  log_days           = var.log_days
  windows            = { for window, time in var.server.own.windows : window => time if time != null }
  admin_parameter    = "${local.parameters}/database/admin/password"
}

data "aws_db_instance" "shared" {
  count = var.server.shared_with == null ? 0 : 1

  db_instance_identifier = "${var.prefix}-${var.server.shared_with}"
}

# The passwords of the database's logins.
module "credentials" {
  source = "../modules/credentials"

  parameters = local.parameters
}

locals {
  # Where the database is, and who may make databases there.
  server = one(concat(
    [for server in module.database : {
      host    = server.address
      port    = server.port
      replica = try(server.replica.address, null)
      tls     = true
      admin   = server.admin.username
    }],
    [for server in data.aws_db_instance.shared : {
      host    = server.address
      port    = server.port
      replica = null
      tls     = true
      admin   = null
    }],
    [for server in var.server.external[*] : {
      host    = server.host
      port    = server.port
      replica = null
      tls     = false
      admin   = server.admin
    }],
  ))

  # Databases are made by the environment that has the server. Its own function's alias must be there first.
  provision = var.server.shared_with == null ? {
    function = module.function["provision"].name, alias = module.function["provision"].alias.name
    } : {
    function = "${var.prefix}-${var.server.shared_with}-provision", alias = "live"
  }
}

# The database itself, with its owner. A preview's is dropped when the preview goes; an environment that has a server
# leaves its database to it.
resource "aws_lambda_invocation" "database" {
  function_name   = local.provision.function
  qualifier       = local.provision.alias
  input           = jsonencode({ environment = local.environment })
  lifecycle_scope = local.preview ? "CRUD" : "CREATE_ONLY"

  depends_on = [module.credentials, module.database]
}

# A new environment's schema. Later ones come with their releases.
resource "aws_lambda_invocation" "schema" {
  function_name   = module.function["migrate"].name
  qualifier       = module.function["migrate"].alias.name
  input           = jsonencode({ action = "migrate" })
  lifecycle_scope = "CREATE_ONLY"

  depends_on = [aws_lambda_invocation.database]
}
