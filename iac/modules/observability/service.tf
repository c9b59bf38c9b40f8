# The API as containers, where it runs so. Its errors and latency are the gateway's, whoever answers behind it (api.tf).
locals {
  service_alarms = { for key, alarm in {
    service-unhealthy = merge(local.usual, {
      page = "service-unhealthy"
      says = "Fewer of the API's containers are ready than there must be."
      metric = {
        namespace  = "AWS/ApplicationELB"
        name       = "HealthyHostCount"
        statistic  = "Minimum"
        dimensions = try(var.service.dimensions, {})
      }
      threshold  = try(var.service.least, 1)
      comparison = "LessThanThreshold"
      period_s   = 60
      periods    = 5
      datapoints = 3
      # A balancer that has nobody at all may say nothing.
      missing = "breaching"
    })
  } : key => alarm if var.service != null }
}
