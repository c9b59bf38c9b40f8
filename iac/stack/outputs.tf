output "environment" {
  description = "The environment's name."
  value       = local.environment
}

output "url" {
  description = "The address of the API: WAYBILL_URL."
  value       = module.api.url
}

output "incoming_bucket" {
  description = "Where partners' files are put: <dataset>/<any path>."
  value       = module.storage.buckets["incoming"].name
}

output "functions" {
  description = "The functions, by their short names."
  value       = { for short, function in module.function : short => function.name }
}

output "alarms_topic_arn" {
  description = "Where alarms are told; null where there are none."
  value       = try(module.observability[0].topic_arn, null)
}

output "release_machine" {
  description = "The state machine that brings releases out: its ARN."
  value       = module.release.machine.arn
}

output "releases_topic_arn" {
  description = "Where the end of each release is told."
  value       = module.release.topic_arn
}

output "dashboard" {
  description = "The dashboard's name; null where there is none."
  value       = try(module.observability[0].dashboard, null)
}

output "api_id" {
  description = "The id of the HTTP API."
  value       = module.api.id
}

output "session_budget" {
  description = "The most sessions that all functions and containers together open on the database; 0 where they are not limited."
  value       = local.session_budget
}

output "job_definitions" {
  description = "What a release registers for loads that run as tasks, by size: the input of RegisterJobDefinition, without the release. Null where there are none."
  value       = one(module.bulk[*].definitions)
}

output "spark" {
  description = "The Spark lane: the state machine that runs its jobs, and where its Parquet lies. Null where there is none."
  value = one([for spark in module.spark : {
    machine = spark.machine.arn
    lake    = "s3://${module.storage.buckets["curated"].name}/${local.lake_prefix}"
  }])
}

output "service" {
  description = "What a release needs to bring itself to the API's containers: cluster, service, and the input of RegisterTaskDefinition without the image. Null where the function answers."
  value       = one(module.service[*].release)
}
