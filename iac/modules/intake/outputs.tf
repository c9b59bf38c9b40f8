output "queue" {
  description = "The queue of what arrives. Its ARN is known while planning."
  value = {
    name = local.queues.incoming
    arn  = local.arns["incoming"]
    url  = aws_sqs_queue.this["incoming"].url
  }
}

output "loads" {
  description = "The queue of what waits to be loaded. Its ARN is known while planning."
  value = {
    name = local.queues.loads
    arn  = local.arns["loads"]
    url  = aws_sqs_queue.this["loads"].url
  }
}

output "dead_letters" {
  description = "The queue of messages of either that were tried often enough. Its ARN is known while planning."
  value = {
    name = local.dead_letters
    arn  = local.arns["dead_letters"]
    url  = aws_sqs_queue.dead_letters.url
  }
}

output "mapping_ids" {
  description = "The ids of the mappings to the function, by queue: incoming, loads."
  value       = { for key, mapping in aws_lambda_event_source_mapping.this : key => mapping.uuid }
}
