output "machine" {
  description = "The state machine: its name and ARN."
  value       = { name = aws_sfn_state_machine.release.name, arn = aws_sfn_state_machine.release.arn }
}

output "topic_arn" {
  description = "The topic that is told how each release ended."
  value       = aws_sns_topic.releases.arn
}

output "table" {
  description = "The name of the table with the lock."
  value       = aws_dynamodb_table.releases.name
}

output "rule" {
  description = "The name of the rule that starts a recovery."
  value       = aws_cloudwatch_event_rule.recovery.name
}

output "policies" {
  description = "What the machine and the rule that starts it again may do, as JSON: for reviews, and for the tests that try it."
  value       = { machine = data.aws_iam_policy_document.machine.minified_json, rule = data.aws_iam_policy_document.recovery.minified_json }
}
