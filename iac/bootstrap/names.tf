# What every policy is made of: who may reach which names. ARNs are written out rather than read from resources,
# so that a plan shows each policy in full before anything is made.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  here      = "${var.region}:${local.account}"

  # Environments as they stand in names and in the tag `environment`.
  deploys = toset(["dev", "staging", "prod"])
  writers = toset(["dev", "staging", "prod", "preview"])
  readers = toset(["plan", "plan-prod"])
  reach = {
    dev     = ["dev"]
    staging = ["staging"]
    prod    = ["prod"]
    preview = ["pr-*"]
    # Not prod: its state holds prod's passwords, and pull requests are planned before anybody has approved them.
    plan      = ["dev", "staging", "pr-*"]
    plan-prod = ["prod"]
  }
  # Who reaches prod at all.
  prods = toset([for role, environments in local.reach : role if contains(environments, "prod")])
  # Whose network and database server an environment uses.
  hosts = { dev = "dev", staging = "staging", prod = "prod", preview = "dev" }

  buckets = {
    state      = "${var.prefix}-state"
    prod_state = "${var.prefix}-prod-state"
    artifacts  = "${var.prefix}-artifacts"
    logs       = "${var.prefix}-access-logs"
  }
  state_bucket = { for role in keys(local.reach) : role => contains(local.prods, role) ? local.buckets.prod_state : local.buckets.state }
  # As the backend of iac/stack is configured: workspace_key_prefix and key.
  state_prefix = "stack"
  state_key    = "terraform.tfstate"
  s3           = "arn:${local.partition}:s3:::"
  states       = { for role, environments in local.reach : role => [for e in environments : "${local.s3}${local.state_bucket[role]}/${local.state_prefix}/${e}/${local.state_key}"] }

  # Image to repository: <prefix>/task, <prefix>/api. As scripts/lib/images.py names them.
  registry   = { for image in ["task", "api"] : image => "${var.prefix}/${image}" }
  boundaries = { for writer in local.writers : writer => "arn:${local.partition}:iam::${local.account}:policy/${var.prefix}-boundary-${writer}" }

  # "waybill-dev-*", and where things bear the environment's bare name "waybill-dev" as well.
  parts  = { for role, environments in local.reach : role => [for e in environments : endswith(e, "*") ? "${var.prefix}-${e}" : "${var.prefix}-${e}-*"] }
  wholes = { for role, environments in local.reach : role => distinct(flatten([for at, e in environments : ["${var.prefix}-${e}", local.parts[role][at]]])) }

  # Functions' names match their versions and aliases too, topics' their subscriptions.
  arns = {
    for role, environments in local.reach : role => {
      balancers = flatten([for kind in ["loadbalancer/app/%s/*", "listener/app/%s/*", "targetgroup/%s/*"] : formatlist("arn:${local.partition}:elasticloadbalancing:${local.here}:${kind}", local.parts[role])])
      # AWS makes up the ids of applications, and of their jobs.
      applications    = ["arn:${local.partition}:emr-serverless:${local.here}:/applications/*"]
      alarms          = formatlist("arn:${local.partition}:cloudwatch:${local.here}:alarm:%s", local.parts[role])
      budgets         = formatlist("arn:${local.partition}:budgets::${local.account}:budget/%s", local.wholes[role])
      buckets         = formatlist("${local.s3}%s", local.parts[role])
      dashboards      = formatlist("arn:${local.partition}:cloudwatch::${local.account}:dashboard/%s", local.wholes[role])
      databases       = flatten([for kind in ["db", "pg", "snapshot", "subgrp"] : formatlist("arn:${local.partition}:rds:${local.here}:${kind}:%s", local.wholes[role])])
      environments    = formatlist("arn:${local.partition}:batch:${local.here}:compute-environment/%s", local.parts[role])
      executions      = formatlist("arn:${local.partition}:states:${local.here}:execution:%s", local.parts[role])
      functions       = formatlist("arn:${local.partition}:lambda:${local.here}:function:%s", local.parts[role])
      instances       = formatlist("arn:${local.partition}:rds:${local.here}:db:%s", local.wholes[role])
      job_definitions = formatlist("arn:${local.partition}:batch:${local.here}:job-definition/%s", local.parts[role])
      job_queues      = formatlist("arn:${local.partition}:batch:${local.here}:job-queue/%s", local.parts[role])
      # /aws/lambda/<name>, /aws/vendedlogs/<name>, /aws/rds/instance/<name>/postgresql …: a * goes across slashes.
      log_groups = concat(
        formatlist("arn:${local.partition}:logs:${local.here}:log-group:/aws/*/%s", local.parts[role]),
        # The network's bears the bare name, with and without the stream behind it.
        flatten([for form in ["", ":*"] : formatlist("arn:${local.partition}:logs:${local.here}:log-group:/aws/vpc/${var.prefix}-%s${form}", environments)]),
        formatlist("arn:${local.partition}:logs:${local.here}:log-group:/aws/rds/instance/${var.prefix}-%s/*", environments),
      )
      machines   = formatlist("arn:${local.partition}:states:${local.here}:stateMachine:%s", local.parts[role])
      parameters = [for e in environments : "arn:${local.partition}:ssm:${local.here}:parameter/${var.prefix}/${e}/*"]
      passwords  = [for e in environments : "arn:${local.partition}:ssm:${local.here}:parameter/${var.prefix}/${e}/database/*/password"]
      queues     = formatlist("arn:${local.partition}:sqs:${local.here}:%s", local.parts[role])
      # What jobs of Spark run with: the one role that a role of an environment hands on.
      spark_jobs = [for e in environments : "arn:${local.partition}:iam::${local.account}:role/${var.prefix}-${e}-spark-job" if !endswith(e, "*")]
      roles      = formatlist("arn:${local.partition}:iam::${local.account}:role/%s", local.parts[role])
      rules      = formatlist("arn:${local.partition}:events:${local.here}:rule/%s", local.parts[role])
      schedules  = flatten([for kind in ["schedule-group/%s", "schedule/%s/*"] : formatlist("arn:${local.partition}:scheduler:${local.here}:${kind}", local.parts[role])])
      services   = flatten([for kind in ["cluster/%s", "service/%s", "task-definition/%s"] : formatlist("arn:${local.partition}:ecs:${local.here}:${kind}", local.parts[role])])
      tables     = formatlist("arn:${local.partition}:dynamodb:${local.here}:table/%s", local.parts[role])
      topics     = formatlist("arn:${local.partition}:sns:${local.here}:%s", local.parts[role])
    }
  }

  # An environment's records are in the zone that the owner names, if any.
  zones = {
    for role, environments in local.reach : role => distinct([
      for environment, id in var.zone_ids : "arn:${local.partition}:route53:::hostedzone/${id}"
      if contains(environments, environment == "preview" ? "pr-*" : environment)
    ])
  }

  ends_of_jobs = "arn:${local.partition}:events:${local.here}:rule/StepFunctionsGetEventsForEMRServerless*"
  mappings     = "arn:${local.partition}:lambda:${local.here}:event-source-mapping:*"
  # API Gateway's ARNs have no account and no names. HTTP APIs and domains only.
  gateway       = "arn:${local.partition}:apigateway:${var.region}::"
  registry_arns = [for repository in values(local.registry) : "arn:${local.partition}:ecr:${local.here}:repository/${repository}"]
}
