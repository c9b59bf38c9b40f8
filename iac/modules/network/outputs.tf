output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "The private subnets, one a zone, in the order of their letters."
  value       = [for letter in local.letters : aws_subnet.private[letter].id]

  # What runs in them expects to reach AWS, until it is destroyed.
  depends_on = [
    aws_route.nat,
    aws_route_table_association.private,
    aws_vpc_endpoint.s3,
    aws_vpc_endpoint.services,
  ]
}

output "function_security_group_id" {
  description = "The security group of functions: out to AWS services and the database only."
  value       = aws_security_group.functions.id

  depends_on = [
    aws_vpc_security_group_egress_rule.functions,
    aws_vpc_security_group_ingress_rule.endpoints,
  ]
}

output "database_security_group_id" {
  description = "The security group of the database: in from functions only."
  value       = aws_security_group.database.id

  depends_on = [aws_vpc_security_group_ingress_rule.database]
}

output "default_security_group_id" {
  description = "The VPC's default security group, without rules: where the interfaces of destroyed functions are moved to."
  value       = aws_default_security_group.this.id
}
