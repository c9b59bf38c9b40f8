# A file is applied in its own workspace only; so prod's nowhere else, and nothing else in prod's.

resource "terraform_data" "guard" {
  input = local.environment

  lifecycle {
    precondition {
      condition = local.preview ? can(regex("^pr-[1-9][0-9]*$", terraform.workspace)) : terraform.workspace == var.environment
      error_message = join("", [
        "The file of '${var.environment}' must not be applied in the workspace '${terraform.workspace}'. ",
        local.preview
        ? "A preview's workspace is pr-<number>: scripts/environment pr-12 plan"
        : "Its workspace is '${var.environment}': scripts/environment ${var.environment} plan",
      ])
    }
  }
}
