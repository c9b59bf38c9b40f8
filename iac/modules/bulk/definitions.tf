# What a load is submitted as. A definition belongs to a release: it names the release's image by digest. So none is made
# here; a release registers its own from these, under a name of its own, before anything of it is called
# (scripts/workflow/containers), and what runs or waits keeps the image that it was submitted with.

locals {
  scratch = "/scratch"

  definitions = { for size, one in var.sizes : size => {
    jobDefinitionName    = "${local.base}-${size}"
    type                 = "container"
    platformCapabilities = ["FARGATE"]
    propagateTags        = true
    tags                 = var.tags
    # Whoever submits says which.
    parameters = { batch = "none" }
    timeout    = { attemptDurationSeconds = one.timeout_s }

    retryStrategy = {
      attempts = one.attempts
      # The first that fits decides. What fits none is tried again: a task that never began has no status.
      evaluateOnExit = [
        # Its own word for: not now (EX_TEMPFAIL).
        { onExitCode = "75", action = "RETRY" },
        # Killed: for its memory, or with its machine.
        { onExitCode = "137", action = "RETRY" },
        { onStatusReason = "Your Spot Task was interrupted*", action = "RETRY" },
        { onStatusReason = "Host EC2*", action = "RETRY" },
        # It said what was wrong, and would say it again.
        { onExitCode = "*", action = "EXIT" },
      ]
    }

    containerProperties = {
      # A release puts the digest behind it.
      image = var.repository
      # A load's. An undo brings its own.
      command                      = ["load", "--batch", "Ref::batch"]
      jobRoleArn                   = aws_iam_role.task.arn
      executionRoleArn             = aws_iam_role.start.arn
      readonlyRootFilesystem       = true
      networkConfiguration         = { assignPublicIp = "DISABLED" }
      fargatePlatformConfiguration = { platformVersion = "1.4.0" }
      runtimePlatform              = { operatingSystemFamily = "LINUX", cpuArchitecture = var.architecture == "arm64" ? "ARM64" : "X86_64" }
      ephemeralStorage             = { sizeInGiB = one.scratch_gb }
      resourceRequirements         = [{ type = "VCPU", value = tostring(one.vcpus) }, { type = "MEMORY", value = tostring(one.memory_mb) }]
      # Sorting needs a place to write to. The folder is the image's own, so it is the user's that the image runs as.
      volumes     = [{ name = "scratch", host = {} }]
      mountPoints = [{ sourceVolume = "scratch", containerPath = local.scratch, readOnly = false }]
      # Without it, what a program leaves running would stay.
      linuxParameters = { initProcessEnabled = true }
      environment = [for key, value in merge(var.variables, {
        WAYBILL_SCRATCH = local.scratch
        # The image and what Fargate itself writes lie on the same disk.
        WAYBILL_SCRATCH_BYTES = tostring((one.scratch_gb - 3) * pow(1024, 3))
        # So that a load stops by itself and says why. Ended from outside it would be taken for one to try again.
        WAYBILL_TIME_LIMIT_SECONDS = tostring(one.timeout_s)
        AWS_REGION                 = data.aws_region.current.region
      }) : { name = key, value = value }]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.tasks.name
          awslogs-region        = data.aws_region.current.region
          awslogs-stream-prefix = size
        }
      }
    }
  } }
}
