provider "aws" {
  region = "eu-west-1"
}

variables {
  name  = "waybill-test"
  zones = 3
}

run "without_nat_nothing_leads_to_the_internet" {
  assert {
    condition     = length(aws_internet_gateway.this) + length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_subnet.public) + length(aws_route.nat) + length(aws_route.internet) == 0
    error_message = "There is a way to the internet that nobody asked for."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.functions : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "Functions may speak to addresses rather than to named groups and S3."
  }

  assert {
    condition     = length(aws_route_table.private.route) == 0
    error_message = "The private route table has routes of its own."
  }
}

run "functions_reach_endpoints_s3_and_the_database_and_nothing_else" {
  assert {
    condition = {
      for rule in aws_vpc_security_group_egress_rule.functions :
      coalesce(rule.referenced_security_group_id, rule.prefix_list_id) => rule.from_port
      } == {
      (aws_security_group.endpoints.id)    = 443
      (aws_vpc_endpoint.s3.prefix_list_id) = 443
      (aws_security_group.database.id)     = 5432
    }
    error_message = "Functions may speak to more or less than the endpoints, S3 and the database."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.functions : rule.ip_protocol == "tcp" && rule.from_port == rule.to_port && rule.security_group_id == output.function_security_group_id])
    error_message = "A rule of the functions opens more than one port, or belongs to another group."
  }
}

run "only_functions_reach_the_database" {
  assert {
    condition = alltrue([
      aws_vpc_security_group_ingress_rule.database.security_group_id == output.database_security_group_id,
      aws_vpc_security_group_ingress_rule.database.referenced_security_group_id == output.function_security_group_id,
      aws_vpc_security_group_ingress_rule.database.cidr_ipv4 == null,
      aws_vpc_security_group_ingress_rule.database.from_port == 5432,
      aws_vpc_security_group_ingress_rule.database.to_port == 5432,
    ])
    error_message = "The database can be reached by others than functions, or on another port."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.referenced_security_group_id == output.function_security_group_id && aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == null
    error_message = "Endpoints can be reached by others than functions."
  }
}

run "the_default_group_lets_nothing_through" {
  # Rules written in the group itself would be null where none is managed, and a list where some are.
  assert {
    condition     = try(length(aws_default_security_group.this.ingress), 0) + try(length(aws_default_security_group.this.egress), 0) == 0
    error_message = "The default security group has rules."
  }

  assert {
    condition     = aws_default_security_group.this.vpc_id == output.vpc_id && output.default_security_group_id == aws_default_security_group.this.id
    error_message = "Freed interfaces would go to a group of another VPC."
  }
}

run "subnets_share_the_smallest_network_without_overlap" {
  variables {
    cidr = "172.20.4.0/22"
    nat  = true
  }

  # Networks of the same length that are written with their first address overlap only when they are equal.
  assert {
    condition     = length(distinct(concat([for subnet in aws_subnet.private : subnet.cidr_block], aws_subnet.public[*].cidr_block))) == 4
    error_message = "Two subnets have the same addresses."
  }

  assert {
    condition = alltrue([
      for block in concat([for subnet in aws_subnet.private : subnet.cidr_block], aws_subnet.public[*].cidr_block) :
      endswith(block, "/26") && cidrhost("${split("/", block)[0]}/22", 0) == "172.20.4.0"
    ])
    error_message = "A subnet lies outside of the VPC or has another size than the rest."
  }

  assert {
    condition     = length(distinct([for subnet in aws_subnet.private : subnet.availability_zone])) == 3
    error_message = "Two private subnets lie in one zone."
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.private), aws_subnet.public) : !subnet.map_public_ip_on_launch])
    error_message = "What starts in a subnet gets a public address."
  }
}

run "private_subnets_are_found_by_their_tag" {
  variables {
    nat = true
  }

  assert {
    condition = toset([for subnet in aws_subnet.private : "${subnet.tags.tier} ${subnet.tags.Name}"]) == toset([
      "private waybill-test-private-a", "private waybill-test-private-b", "private waybill-test-private-c",
    ])
    error_message = "Previews find dev's subnets by tier and name."
  }

  assert {
    condition     = aws_subnet.public[0].tags.tier != "private" && !contains(output.subnet_ids, aws_subnet.public[0].id)
    error_message = "The public subnet passes for a private one."
  }
}

run "s3_is_reached_by_its_gateway_from_every_subnet" {
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3.route_table_ids == toset([aws_route_table.private.id])
    error_message = "S3 is not reached by the gateway endpoint of the private route table."
  }

  assert {
    condition     = toset([for association in aws_route_table_association.private : association.subnet_id]) == toset(output.subnet_ids) && alltrue([for association in aws_route_table_association.private : association.route_table_id == aws_route_table.private.id])
    error_message = "A private subnet is not on the route table that leads to S3."
  }
}

run "endpoints_lie_in_every_zone_unless_fewer_are_asked_for" {
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.services : endpoint.subnet_ids == toset(output.subnet_ids)])
    error_message = "A zone has no interface of its own although none was saved."
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint.services)) == toset(["sqs", "ssm"])
    error_message = "Functions need sqs and ssm, and pay for nothing else by default."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.services : endpoint.private_dns_enabled && endpoint.security_group_ids == toset([aws_security_group.endpoints.id])])
    error_message = "The SDK would not find an endpoint, or anybody may use it."
  }
}

run "one_zone_of_endpoints_costs_one_interface_a_service" {
  variables {
    endpoints = { services = ["sqs", "ssm", "states"], zones = 1 }
  }

  assert {
    condition     = sum([for endpoint in aws_vpc_endpoint.services : length(endpoint.subnet_ids)]) == 3
    error_message = "More interfaces than one a service."
  }
}

run "endpoints_serve_this_account_only" {
  assert {
    condition = alltrue([
      for endpoint in concat(values(aws_vpc_endpoint.services), [aws_vpc_endpoint.s3]) :
      alltrue([
        for statement in jsondecode(endpoint.policy).Statement :
        try(statement.Condition.StringEquals["aws:PrincipalAccount"] == "123456789012", false)
        || (statement.Action == "s3:GetObject" && statement.Resource == "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*")
      ])
    ])
    error_message = "Keys of another account could carry data out through an endpoint."
  }
}

run "with_nat_there_is_one_gateway_and_https_only" {
  variables {
    nat = true
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && aws_nat_gateway.this[0].subnet_id == aws_subnet.public[0].id
    error_message = "There is not exactly one NAT gateway, in the public subnet."
  }

  assert {
    condition     = aws_route.nat[0].route_table_id == aws_route_table.private.id && aws_route.nat[0].nat_gateway_id == aws_nat_gateway.this[0].id && aws_route.nat[0].gateway_id == null
    error_message = "Private subnets do not leave through the NAT gateway."
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_egress_rule.functions : "${rule.from_port}-${rule.to_port}" if rule.cidr_ipv4 != null] == ["443-443"]
    error_message = "Functions may speak to the internet on more than HTTPS."
  }
}

run "flow_logs_are_kept_as_long_as_asked_by_a_role_of_this_account" {
  variables {
    flow_log_days        = 30
    permissions_boundary = "arn:aws:iam::123456789012:policy/waybill-boundary"
  }

  assert {
    condition     = aws_flow_log.this[0].traffic_type == "ALL" && aws_flow_log.this[0].log_destination == aws_cloudwatch_log_group.flows[0].arn && aws_cloudwatch_log_group.flows[0].retention_in_days == 30
    error_message = "Flow logs are not kept, or not all of them."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role.flow_logs[0].assume_role_policy).Statement : statement.Condition.StringEquals["aws:SourceAccount"] == "123456789012"])
    error_message = "Another account's flow logs could be sent through the role."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.flow_logs[0].policy).Statement : statement.Resource == "${aws_cloudwatch_log_group.flows[0].arn}:*"])
    error_message = "The role may write to more than its own log group."
  }

  assert {
    condition     = aws_iam_role.flow_logs[0].permissions_boundary == "arn:aws:iam::123456789012:policy/waybill-boundary"
    error_message = "The role is not bounded."
  }
}

run "without_flow_logs_there_is_no_role" {
  assert {
    condition     = length(aws_iam_role.flow_logs) + length(aws_flow_log.this) + length(aws_cloudwatch_log_group.flows) == 0
    error_message = "Flow logs were made that nobody asked for."
  }
}

run "refuses_a_name_that_aws_would_refuse" {
  command = plan
  variables {
    name = "Waybill_Dev"
  }
  expect_failures = [var.name]
}

run "refuses_a_network_that_does_not_begin_with_its_first_address" {
  command = plan
  variables {
    cidr = "10.20.1.0/16"
  }
  expect_failures = [var.cidr]
}

run "refuses_a_network_too_small" {
  command = plan
  variables {
    cidr = "10.20.0.0/23"
  }
  expect_failures = [var.cidr]
}

run "refuses_a_network_of_ipv6" {
  command = plan
  variables {
    cidr = "fd00::/16"
  }
  expect_failures = [var.cidr]
}

run "refuses_one_zone" {
  command = plan
  variables {
    zones = 1
  }
  expect_failures = [var.zones]
}

run "refuses_a_region_with_too_few_zones" {
  command = plan
  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-west-1a", "eu-west-1b"] }
  }
  expect_failures = [aws_vpc.this]
}

run "refuses_services_by_their_full_name" {
  command = plan
  variables {
    endpoints = { services = ["com.amazonaws.eu-west-1.sqs"] }
  }
  expect_failures = [var.endpoints]
}

run "refuses_a_second_way_to_s3" {
  command = plan
  variables {
    endpoints = { services = ["s3"] }
  }
  expect_failures = [var.endpoints]
}

run "refuses_endpoints_in_more_zones_than_there_are" {
  command = plan
  variables {
    zones     = 2
    endpoints = { zones = 3 }
  }
  expect_failures = [var.endpoints]
}

run "refuses_a_retention_that_cloudwatch_does_not_know" {
  command = plan
  variables {
    flow_log_days = 10
  }
  expect_failures = [var.flow_log_days]
}

run "refuses_a_boundary_that_is_no_policy" {
  command = plan
  variables {
    permissions_boundary = "waybill-boundary"
  }
  expect_failures = [var.permissions_boundary]
}
