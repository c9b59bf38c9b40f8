# The VPC and the private subnets that everything runs in.

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:names come sorted and only the first are used, so that a new zone, which comes last, changes nothing

  state = "available"

  # Local and wavelength zones have neither Lambda nor RDS.
  filter {
    name   = "zone-type"
    values = ["availability-zone"]
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # Our own letters, not the zones': addresses in the state must not depend on what a region calls its zones.
  letters = slice(["a", "b", "c"], 0, var.zones)

  subnets = {
    for index, letter in local.letters : letter => {
      zone = element(data.aws_availability_zones.available.names, index)
      cidr = cidrsubnet(var.cidr, 4, index)
    }
  }

  postgres_port = 5432
  https_port    = 443
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:flow logs are a choice of the environment (flow_log_days), for they are billed by volume

  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true # private names of endpoints and of the database need both

  tags = {
    Name = var.name
  }

  lifecycle {
    precondition {
      condition     = length(data.aws_availability_zones.available.names) >= var.zones
      error_message = "The region has fewer availability zones than the ${var.zones} that are asked for."
    }
  }
}

resource "aws_subnet" "private" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.value.zone
  cidr_block              = each.value.cidr
  map_public_ip_on_launch = false

  tags = {
    Name = "${var.name}-private-${each.key}"
    tier = "private"
  }

  # Lambda gives the interfaces of a deleted function back after up to an hour; the default of 20 minutes is too short.
  timeouts {
    delete = "60m"
  }
}

# One table for all: what leaves does so through the S3 gateway, or through the one NAT gateway.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.name}-private"
  }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}
