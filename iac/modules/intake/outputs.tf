output "queue" {
  description = "The queue. Its ARN is known while planning."
  value = {
    name = local.queue
    arn  = local.arns[local.queue]
    url  = aws_sqs_queue.this.url
  }
}

output "dead_letters" {
  description = "The queue of messages that were tried often enough. Its ARN is known while planning."
  value = {
    name = local.dead_letters
    arn  = local.arns[local.dead_letters]
    url  = aws_sqs_queue.dead_letters.url
  }
}

output "mapping_id" {
  description = "The id of the mapping from the queue to the function."
  value       = aws_lambda_event_source_mapping.this.uuid
}
