# How PostgreSQL is set. Time limits of sessions are not here: each function gives its own with its login.

locals {
  port                  = 5432
  certificate_authority = "rds-ca-rsa2048-g1"

  parameters = merge(
    {
      # An operator's forgotten transaction must not keep locks and dead rows for a day, which is RDS's limit.
      idle_in_transaction_session_timeout = "900000"
      # What is slow is written down, without the values, which are partners' data.
      log_lock_waits             = "1"
      log_min_duration_statement = "1000"
      log_parameter_max_length   = "0"
      # Sorts that did not fit into memory, from 64 MiB.
      log_temp_files           = "65536"
      ssl_min_protocol_version = "TLSv1.2"
      track_io_timing          = "1"
    },
    var.parameters,
    { "rds.force_ssl" = "1" },
  )

  # Those that PostgreSQL 15 to 18 read only when they start and that RDS lets one change. RDS refuses to apply them
  # at once, and a new server has them from its first start.
  needs_restart = [
    "autovacuum_freeze_max_age",
    "autovacuum_max_workers",
    "autovacuum_multixact_freeze_max_age",
    "autovacuum_worker_slots",
    "huge_pages",
    "io_max_combine_limit",
    "io_max_concurrency",
    "io_method",
    "max_active_replication_origins",
    "max_connections",
    "max_files_per_process",
    "max_locks_per_transaction",
    "max_logical_replication_workers",
    "max_pred_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "old_snapshot_threshold",
    "pg_stat_statements.max",
    "rds.logical_replication",
    "reserved_connections",
    "shared_buffers",
    "shared_preload_libraries",
    "superuser_reserved_connections",
    "track_activity_query_size",
    "track_commit_timestamp",
    "wal_buffers",
  ]
}

# The major version is part of the name, so that an upgrade finds its group made and leaves the old one until then.
resource "aws_db_parameter_group" "this" {
  #checkov:skip=CKV2_AWS_30:slow statements are logged; log_statement would write all of them, with the verifiers of passwords
  name        = "${var.name}-postgres${local.major}"
  family      = "postgres${local.major}"
  description = "Parameters of ${var.name}."

  dynamic "parameter" {
    for_each = local.parameters

    content {
      name         = parameter.key
      value        = parameter.value
      apply_method = contains(local.needs_restart, parameter.key) ? "pending-reboot" : "immediate"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
