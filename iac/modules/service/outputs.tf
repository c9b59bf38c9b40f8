output "listener" {
  description = "Where the gateway sends requests: the listener, and the group that its link wears."
  value       = { arn = aws_lb_listener.this.arn, security_group_id = aws_security_group.link.id }
}

output "release" {
  description = "What a release needs to bring itself to the service: cluster, service, and the input of RegisterTaskDefinition but for the image."
  value       = { cluster = aws_ecs_cluster.this.name, service = aws_ecs_service.this.name, task_definition = local.task_definition }
}

output "dimensions" {
  description = "How CloudWatch names the balancer and its targets."
  value       = { LoadBalancer = aws_lb.this.arn_suffix, TargetGroup = aws_lb_target_group.this.arn_suffix }
}

output "sessions" {
  description = "The most sessions on the database, while a release runs beside the one before."
  value       = 2 * var.tasks.most * var.sessions_each
}
