# The one place of names; crates/platform/src/names.rs says the same to the functions and the command line, and a test
# compares the two.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  # Every preview is an environment of its own, named as its workspace: pr-12.
  preview     = var.environment == "preview"
  environment = local.preview ? terraform.workspace : var.environment
  name        = "${var.prefix}-${local.environment}"

  parameters = "/${var.prefix}/${local.environment}"
  database   = replace("${var.prefix}_${local.environment}", "-", "_")

  # The most that a role of the environment may do: iac/bootstrap makes it, and refuses roles without it.
  boundary = var.emulated ? null : "arn:${local.partition}:iam::${local.account}:policy/${var.prefix}-boundary-${var.environment}"

  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
}
