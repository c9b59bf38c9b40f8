# The same root, applied to the emulator on this machine: scripts/local-terraform. What the emulator only pretends is
# left out by the same switches that every environment has: no network, a database server that runs beside it, no
# limits, no hours, no budget.
environment = "local"
emulated    = true

network = null
server  = { external = { host = "127.0.0.1", port = 54320, admin = "postgres" } }

functions = {
  intake    = { memory_mb = 1769, timeout_s = 300 }
  api       = { memory_mb = 512, timeout_s = 29 }
  migrate   = { memory_mb = 256, timeout_s = 900 }
  provision = { memory_mb = 256, timeout_s = 120 }
  release   = { memory_mb = 256, timeout_s = 300 }
}

intake = { maximum_concurrency = 4, visibility_s = 1800 }
api    = { public_rates = true }

storage = {
  destroyable  = true
  keep_reports = 30
  access_logs  = false
}

log_days = 7
tracing  = false
alarms   = {}
