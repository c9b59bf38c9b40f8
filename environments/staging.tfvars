# Production in small: the last stop before it. Sleeps outside hours.
environment = "staging"

network = { own = { cidr = "10.21.0.0/16", zones = 2, endpoint_zones = 1 } }

server = {
  own = {
    instance_class = "db.t4g.small"
    storage_gb     = { initial = 20, maximum = 200 }
    backup_days    = 1
    protected      = false
    # A server that sleeps has neither backup nor maintenance: both come by day.
    windows = { backup = "10:00-10:30", maintenance = "wed:11:00-wed:12:00" }
  }
}

functions = {
  intake    = { memory_mb = 1769, scratch_mb = 9216, timeout_s = 900, reserved_concurrency = 6 }
  api       = { memory_mb = 512, timeout_s = 29, reserved_concurrency = 20 }
  migrate   = { memory_mb = 256, timeout_s = 900, reserved_concurrency = 1 }
  provision = { memory_mb = 256, timeout_s = 120, reserved_concurrency = 1 }
  janitor   = { memory_mb = 128, timeout_s = 60, reserved_concurrency = 1 }
  release   = { memory_mb = 256, timeout_s = 300, reserved_concurrency = 2 }
}

intake = { maximum_concurrency = 4, visibility_s = 5400 }
# Each task opens two sessions on the database; they count in its budget.
bulk = { max_vcpus = { spot = 4, on_demand = 4 } }
api  = { throttle = { rate = 50, burst = 100 } }

releases = {
  steps = [
    { weight = 10, wait_s = 120, longest_s = 600, minimum = 50 },
    { weight = 50, wait_s = 120, longest_s = 600, minimum = 50 },
  ]
}

storage = {
  destroyable  = true
  keep_reports = 30
  incoming     = { keep_days = 30 }
}

log_days = 14
alarms   = {}
hours    = { start = "cron(0 7 ? * MON-FRI *)", stop = "cron(0 20 ? * * *)", timezone = "Europe/Berlin" }
budget   = { monthly_usd = 140 }
