output "topic_arn" {
  description = "The topic that alarms are told to."
  value       = aws_sns_topic.alarms.arn
}

output "alarms" {
  description = "Each alarm's short name to its name: `dead-letters` to `waybill-dev-dead-letters`."
  value       = { for key, alarm in aws_cloudwatch_metric_alarm.watched : key => alarm.alarm_name }
}

output "dashboard" {
  description = "The dashboard's name; null where there is none."
  value       = one(aws_cloudwatch_dashboard.this[*].dashboard_name)
}
