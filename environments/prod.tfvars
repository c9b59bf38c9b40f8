# Production.
environment = "prod"

network = { own = { cidr = "10.22.0.0/16", zones = 3, flow_log_days = 30 } }

server = {
  own = {
    instance_class = "db.m8g.large"
    storage_gb     = { initial = 200, maximum = 2000 }
    multi_az       = true
    replica        = { instance_class = "db.m8g.large" }
    backup_days    = 14
    protected      = true
  }
}

functions = {
  intake    = { memory_mb = 1769, scratch_mb = 9216, timeout_s = 900, reserved_concurrency = 18 }
  api       = { memory_mb = 512, timeout_s = 29, reserved_concurrency = 60 }
  migrate   = { memory_mb = 256, timeout_s = 900, reserved_concurrency = 1 }
  provision = { memory_mb = 256, timeout_s = 120, reserved_concurrency = 1 }
  release   = { memory_mb = 256, timeout_s = 300, reserved_concurrency = 2 }
}

intake = { maximum_concurrency = 16, visibility_s = 5400 }
# Each task opens two sessions on the database; they count in its budget.
bulk = { max_vcpus = { spot = 16, on_demand = 8 } }
# What one task should not load. A job's workers open four sessions each; the largest take hours.
spark = { limits = { workers = 8, timeout_s = 43200 } }
api   = { throttle = { rate = 500, burst = 1000 } }

releases = {
  keep_versions = 10
  steps = [
    { weight = 10, wait_s = 300, longest_s = 1800, minimum = 100 },
    { weight = 50, wait_s = 300, longest_s = 1800, minimum = 100 },
  ]
}

storage = {
  destroyable  = false
  keep_reports = 365
  incoming = {
    # Batches are read once, soon after they came, and again only when somebody asks.
    tiers = [{ after_days = 30, class = "STANDARD_IA" }, { after_days = 180, class = "GLACIER_IR" }]
  }
  copies = { region = "eu-central-1" }
}

log_days = 90
alarms   = {}
budget   = { monthly_usd = 1000 }
