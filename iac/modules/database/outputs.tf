output "identifier" {
  description = "The instance's identifier, as RDS and its metrics call it."
  value       = aws_db_instance.this.identifier
}

output "address" {
  description = "The host that writes go to."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "The port, the replica's as well."
  value       = aws_db_instance.this.port
}

output "replica" {
  description = "The replica's identifier and the host that reads go to. Null: there is none."
  value = var.replica == null ? null : {
    identifier = aws_db_instance.replica[0].identifier
    address    = aws_db_instance.replica[0].address
  }
}

output "resource_id" {
  description = "What policies for IAM logins call the instance: db-…"
  value       = aws_db_instance.this.resource_id
}

output "admin" {
  description = "The administrator's login, and the name and ARN of the SSM parameter with its password."
  value = {
    username      = aws_db_instance.this.username
    parameter     = aws_ssm_parameter.admin.name
    parameter_arn = aws_ssm_parameter.admin.arn
  }
}
