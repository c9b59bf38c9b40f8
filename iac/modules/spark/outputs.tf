output "machine" {
  description = "The state machine that loads a batch: its name and ARN. Its executions are named after the batch, with a number behind it."
  value       = { name = aws_sfn_state_machine.this.name, arn = local.machine_arn }
}

output "sessions" {
  description = "The most sessions that jobs open on the database: one for each core of the workers that there can be, two for each driver."
  # Two jobs side by side are the dearest: both have drivers, and the workers are all there.
  value = var.limits.workers * 4 + 4
}

output "job_role" {
  description = "The role that jobs run with: its name and ARN, for policies of keys and buckets."
  value       = { name = aws_iam_role.job.name, arn = aws_iam_role.job.arn }
}

output "policies" {
  description = "What jobs and the machine may do, as JSON: for reviews, and for tests."
  value       = { job = data.aws_iam_policy_document.job.minified_json, machine = data.aws_iam_policy_document.machine.minified_json }
}
