# Who may speak to whom. Rules are resources of their own, so that groups can name each other.

resource "aws_security_group" "functions" {
  #checkov:skip=CKV2_AWS_5:the functions that wear it are made elsewhere

  name        = "${var.name}-functions"
  description = "Functions: out to AWS services and the database, nothing in."
  vpc_id      = aws_vpc.this.id

  tags = {
    Name = "${var.name}-functions"
  }

  # As for the subnets: Lambda is slow to give interfaces back.
  timeouts {
    delete = "60m"
  }
}

resource "aws_security_group" "database" {
  #checkov:skip=CKV2_AWS_5:the database that wears it is made elsewhere

  name        = "${var.name}-database"
  description = "Database: in from functions, nothing out."
  vpc_id      = aws_vpc.this.id

  tags = {
    Name = "${var.name}-database"
  }
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "Interface endpoints of AWS services: in from functions, nothing out."
  vpc_id      = aws_vpc.this.id

  tags = {
    Name = "${var.name}-endpoints"
  }
}

# Interfaces of functions that are destroyed are moved here, so that the groups above can go. It lets nothing through.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.name}-default"
  }
}

locals {
  functions_egress = {
    for purpose, rule in {
      endpoints = {
        description = "AWS services by their interface endpoints"
        port        = local.https_port
        group       = aws_security_group.endpoints.id
        prefix_list = null
        cidr        = null
        wanted      = true
      }
      s3 = {
        description = "S3 by its gateway endpoint"
        port        = local.https_port
        group       = null
        prefix_list = aws_vpc_endpoint.s3.prefix_list_id
        cidr        = null
        wanted      = true
      }
      database = {
        description = "PostgreSQL"
        port        = local.postgres_port
        group       = aws_security_group.database.id
        prefix_list = null
        cidr        = null
        wanted      = true
      }
      internet = {
        description = "HTTPS to anywhere through the NAT gateway"
        port        = local.https_port
        group       = null
        prefix_list = null
        cidr        = "0.0.0.0/0"
        wanted      = var.nat
      }
    } : purpose => rule if rule.wanted
  }
}

resource "aws_vpc_security_group_egress_rule" "functions" {
  for_each = local.functions_egress

  security_group_id            = aws_security_group.functions.id
  description                  = each.value.description
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.group
  prefix_list_id               = each.value.prefix_list
  cidr_ipv4                    = each.value.cidr
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  description                  = "PostgreSQL from functions"
  ip_protocol                  = "tcp"
  from_port                    = local.postgres_port
  to_port                      = local.postgres_port
  referenced_security_group_id = aws_security_group.functions.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "AWS services from functions"
  ip_protocol                  = "tcp"
  from_port                    = local.https_port
  to_port                      = local.https_port
  referenced_security_group_id = aws_security_group.functions.id
}
