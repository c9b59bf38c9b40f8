output "names" {
  description = "The parameters' names, by login."
  value       = { for login, parameter in aws_ssm_parameter.this : login => parameter.name }
}

output "arns" {
  description = "The parameters' ARNs, by login, for the policies of those who read them."
  value       = { for login, parameter in aws_ssm_parameter.this : login => parameter.arn }
}
