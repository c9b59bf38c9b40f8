# Functions that talk to the database run inside a network; the others do not need one.

module "network" {
  source = "../modules/network"
  count  = try(var.network.own, null) == null ? 0 : 1

  name          = local.name
  cidr          = var.network.own.cidr
  zones         = var.network.own.zones
  endpoints     = { services = local.endpoints, zones = var.network.own.endpoint_zones }
  nat           = var.network.own.nat
  flow_log_days = var.network.own.flow_log_days

  permissions_boundary = local.boundary
}

# Another environment's, found by its names. A preview adds nothing to it, so that nothing is left behind: its functions
# use interfaces that the other environment's already have.
data "aws_subnets" "shared" {
  count = try(var.network.shared_with, null) == null ? 0 : 1

  filter {
    name   = "tag:project"
    values = [var.prefix]
  }
  filter {
    name   = "tag:environment"
    values = [var.network.shared_with]
  }
  filter {
    name   = "tag:tier"
    values = ["private"]
  }
}

data "aws_security_group" "shared" {
  count = try(var.network.shared_with, null) == null ? 0 : 1

  name = "${var.prefix}-${var.network.shared_with}-functions"
}

locals {
  # What is reached without leaving the network, by who needs it.
  endpoints = toset(concat(
    ["sqs", "ssm"],
    # Functions write logs from outside of it; containers do not, and fetch their images from inside.
    var.bulk == null && var.service == null ? [] : ["ecr.api", "ecr.dkr"],
    var.bulk == null && var.service == null && var.spark == null ? [] : ["logs"],
    # Where intake hands large loads over.
    var.bulk == null ? [] : ["batch"],
    # And very large ones.
    var.spark == null ? [] : ["states"],
  ))

  network = one(concat(
    [for network in module.network : {
      subnet_ids         = network.subnet_ids
      security_group_ids = [network.function_security_group_id]
      # Freed when a function is destroyed, sooner than Lambda would by itself.
      freed_to_security_group_ids = [network.default_security_group_id]
    }],
    [for group in data.aws_security_group.shared : {
      subnet_ids         = data.aws_subnets.shared[0].ids
      security_group_ids = [group.id]
      # The group stays when the preview goes.
      freed_to_security_group_ids = null
    }],
  ))
}
