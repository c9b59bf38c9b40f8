output "queues" {
  description = "The job queues, by size: names and ARNs, known while planning."
  value       = { for size, queue in local.queues : size => { name = queue, arn = local.queue_arns[size] } }
}

output "jobs" {
  description = "What the names of job definitions begin with, by size; a hyphen and the first twelve characters of the release follow. And the ARNs of all of them."
  value = {
    names = { for size in keys(var.sizes) : size => "${local.base}-${size}" }
    arns  = ["arn:${local.partition}:batch:${local.place}:job-definition/${local.base}-*"]
  }
}

output "definitions" {
  description = "What a release registers, by size, once it has put its name and its image's digest in: the input of RegisterJobDefinition."
  value       = local.definitions
}

output "tasks" {
  description = "The most tasks at once."
  value       = local.tasks
}

output "rule_arn" {
  description = "The rule that tells of failed jobs; null where nobody is told. Known while planning."
  value       = var.alarms == null ? null : "arn:${local.partition}:events:${local.place}:rule/${local.base}-failed"
}
