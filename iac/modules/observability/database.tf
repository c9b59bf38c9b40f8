# The database server, where it is this environment's own. One that the janitor stopped says nothing: that is no alarm.
locals {
  database = {
    dimensions         = { DBInstanceIdentifier = try(var.database.identifier, "") }
    replica            = { DBInstanceIdentifier = try(coalesce(var.database.replica_identifier), "") }
    connections_budget = try(var.database.connections_budget, 0)
  }
  has_database = var.database != null
  has_replica  = try(var.database.replica_identifier, null) != null

  database_alarms = merge(
    {
      for key, alarm in {
        database-cpu = merge(local.usual, {
          page = "database-cpu"
          says = "The database's processor is busy for a quarter of an hour on end."
          metric = {
            namespace  = "AWS/RDS"
            name       = "CPUUtilization"
            statistic  = "Average"
            dimensions = local.database.dimensions
          }
          threshold  = var.thresholds.database_cpu_percent
          periods    = 3
          datapoints = 3
          # Stopped.
          missing = "notBreaching"
        })

        # Sessions that wait for disks or for each other, which the processor does not show.
        database-load = merge(local.usual, {
          page = "database-load"
          says = "More sessions work or wait in the database than it can serve."
          metric = {
            namespace  = "AWS/RDS"
            name       = "DBLoad"
            statistic  = "Average"
            dimensions = local.database.dimensions
          }
          threshold  = var.thresholds.database_load
          periods    = 3
          datapoints = 3
          # Stopped, or without Performance Insights.
          missing = "notBreaching"
        })

        database-connections = merge(local.usual, {
          page = "database-connections"
          says = "Nearly all sessions are open that the environment's budget allows."
          metric = {
            namespace  = "AWS/RDS"
            name       = "DatabaseConnections"
            statistic  = "Maximum"
            dimensions = local.database.dimensions
          }
          threshold  = floor(local.database.connections_budget * var.thresholds.database_connections_percent / 100)
          period_s   = 60
          periods    = 5
          datapoints = 3
          # Stopped.
          missing = "notBreaching"
        })

        database-storage = merge(local.usual, {
          page = "database-storage"
          says = "The database's disk is nearly full."
          metric = {
            namespace  = "AWS/RDS"
            name       = "FreeStorageSpace"
            statistic  = "Minimum"
            dimensions = local.database.dimensions
          }
          comparison = "LessThanOrEqualToThreshold"
          threshold  = var.thresholds.database_storage_gb * 1024 * 1024 * 1024
          # A full server may fall silent, and stopping one frees nothing.
          missing = "ignore"
        })
      } : key => alarm if local.has_database
    },
    {
      for key, alarm in {
        replica-lag = merge(local.usual, {
          page = "replica-lag"
          says = "The replica that reads go to is far behind, or does not answer."
          metric = {
            namespace  = "AWS/RDS"
            name       = "ReplicaLag"
            statistic  = "Maximum"
            dimensions = local.database.replica
          }
          threshold  = var.thresholds.replica_lag_s
          period_s   = 60
          periods    = 5
          datapoints = 5
          # A server with a replica cannot be stopped, so silence means that reads have nowhere to go.
          missing = "breaching"
        })
      } : key => alarm if local.has_replica
    },
  )
}
