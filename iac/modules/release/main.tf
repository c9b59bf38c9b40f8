data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  machine = "${var.name}-release"

  partition = data.aws_partition.current.partition
  place     = "${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"

  # Written out rather than read from the resources: the roles name the machine, which itself needs its role.
  machine_arn = "arn:${local.partition}:states:${local.place}:stateMachine:${local.machine}"
  rule_arn    = "arn:${local.partition}:events:${local.place}:rule/${local.machine}-recovery"

  # What the definition knows of the environment; an execution keeps what it began with.
  settings = {
    environment  = var.environment
    alias        = var.alias
    functions    = { for short, function in var.functions : short => function.name }
    locks        = aws_dynamodb_table.releases.name
    topic        = aws_sns_topic.releases.arn
    artifacts    = var.artifacts.bucket
    alarm_prefix = "${var.name}-"
    defaults     = { steps = var.steps, keep_versions = var.keep_versions }
  }
}

resource "aws_cloudwatch_log_group" "machine" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts logs with its own key; lines name states and errors, so a customer key would protect nothing more
  #checkov:skip=CKV_AWS_338:How long is the environment's choice (log_days); Step Functions itself keeps every execution's history for 90 days

  # Under vendedlogs one policy of the account serves all groups, however many previews there are.
  name              = "/aws/vendedlogs/states/${local.machine}"
  retention_in_days = var.log_days
}

resource "aws_sfn_state_machine" "release" {
  #checkov:skip=CKV_AWS_285:Errors are logged, without data; the history of each execution has the rest

  name       = local.machine
  role_arn   = aws_iam_role.machine.arn
  definition = templatefile("${path.module}/definition.asl.json", { settings = jsonencode(local.settings) })

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
  }

  tracing_configuration {
    enabled = var.tracing
  }

  # AWS refuses a log that the role may not write.
  depends_on = [aws_iam_role_policy.machine]
}
