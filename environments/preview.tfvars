# A pull request's own stack, in minutes and for cents: its database lies in dev's server, its functions in dev's network.
# The workspace names it: pr-<number>.
environment = "preview"

network = { shared_with = "dev" }
server  = { shared_with = "dev" }

functions = {
  intake  = { memory_mb = 1769, scratch_mb = 9216, timeout_s = 900, reserved_concurrency = 4 }
  api     = { memory_mb = 512, timeout_s = 29, reserved_concurrency = 5 }
  migrate = { memory_mb = 256, timeout_s = 900, reserved_concurrency = 1 }
  release = { memory_mb = 256, timeout_s = 300, reserved_concurrency = 2 }
}

intake = { maximum_concurrency = 2, visibility_s = 5400 }
api    = { throttle = { rate = 20, burst = 40 } }

storage = {
  destroyable  = true
  keep_reports = 7
  incoming     = { keep_days = 7 }
}

log_days = 7
tracing  = false
