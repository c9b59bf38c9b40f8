output "schedules" {
  description = "The schedules: `start` and `stop`, each with its name and ARN."
  value       = { for action, schedule in aws_scheduler_schedule.hours : action => { name = schedule.name, arn = schedule.arn } }
}

output "dead_letters" {
  description = "The queue of calls that could not be made."
  value       = { name = aws_sqs_queue.dead_letters.name, arn = aws_sqs_queue.dead_letters.arn }
}
