output "role_arns" {
  description = "The roles that workflows take on: plan, plan-prod, dev, staging, prod, preview."
  value       = { for role in keys(local.reach) : role => aws_iam_role.this[role].arn }
}

output "boundary_arns" {
  description = "The permissions boundary that every role of an environment must have, by environment; `preview` for all previews. Their names are <prefix>-boundary-<environment>."
  value       = { for writer in local.writers : writer => aws_iam_policy.boundary[writer].arn }
}

output "buckets" {
  description = "Bucket names: state, prod_state, artifacts, logs. Releases are published under `releases/` of artifacts, previews' code under `previews/`."
  value = {
    state      = module.state[local.buckets.state].name
    prod_state = module.state[local.buckets.prod_state].name
    artifacts  = module.artifacts.name
    logs       = module.access_logs.name
  }
}

output "repository_urls" {
  description = "Where images are pushed to and pulled from: `task`, `api`."
  value       = { for image, repository in aws_ecr_repository.images : image => repository.repository_url }
}

output "backend" {
  description = "The backend of this root, once its bucket is there: README.md says when to write it to backend.tf."
  value       = <<-EOT
    terraform {
      backend "s3" {
        bucket       = "${local.buckets.prod_state}"
        key          = "bootstrap/terraform.tfstate"
        region       = "${var.region}"
        use_lockfile = true
      }
    }
  EOT
}

output "policies" {
  description = "Every policy as it is attached, by role and part, and the boundaries: for reviews, and for the tests that try them."
  value = {
    roles      = local.policies
    boundaries = { for writer in local.writers : writer => data.aws_iam_policy_document.boundary[writer].minified_json }
    trusts     = { for role in keys(local.reach) : role => data.aws_iam_policy_document.trust[role].json }
  }
}
