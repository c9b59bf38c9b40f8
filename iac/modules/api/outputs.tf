output "id" {
  description = "The API's id."
  value       = aws_apigatewayv2_api.this.id
}

output "url" {
  description = "Where the API answers, without a slash at the end. Known once it does."
  value       = var.domain == null ? aws_apigatewayv2_api.this.api_endpoint : "https://${var.domain.name}"

  depends_on = [
    aws_apigatewayv2_api_mapping.this,
    aws_apigatewayv2_route.default,
    aws_apigatewayv2_stage.default,
    aws_lambda_permission.http,
    aws_route53_record.this,
  ]
}

output "stage" {
  description = "The stage's name."
  value       = aws_apigatewayv2_stage.default.name
}
