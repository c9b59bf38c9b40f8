output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "The function's ARN, without a version. Known while planning. Callers use the alias."
  value       = local.arn
  depends_on  = [aws_lambda_function.this]
}

output "alias" {
  description = "What callers name: the alias, its ARN (known while planning) and the ARN by which REST APIs invoke it."
  value = {
    name       = local.alias
    arn        = local.alias_arn
    invoke_arn = aws_lambda_alias.live.invoke_arn
  }
  depends_on = [aws_lambda_alias.live]
}

output "role_name" {
  description = "The role's name."
  value       = aws_iam_role.this.name
}

output "role_arn" {
  description = "The role's ARN."
  value       = aws_iam_role.this.arn
}

output "log_group" {
  description = "The name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "timeout_s" {
  description = "When Lambda ends an invocation."
  value       = var.timeout_s
}
