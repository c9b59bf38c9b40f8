output "machine" {
  description = "The state machine that loads a batch: its name and ARN. Name its executions after the batch."
  value       = { name = aws_sfn_state_machine.this.name, arn = local.machine_arn }
}

output "job_role" {
  description = "The role that jobs run with: its name and ARN, for policies of keys and buckets."
  value       = { name = aws_iam_role.job.name, arn = aws_iam_role.job.arn }
}

output "policies" {
  description = "What jobs and the machine may do, as JSON: for reviews, and for tests."
  value       = { job = data.aws_iam_policy_document.job.minified_json, machine = data.aws_iam_policy_document.machine.minified_json }
}
