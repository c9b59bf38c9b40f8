# Batches on their way: the queues, and what the functions say of each batch.
locals {
  # The namespace of the functions' own metrics, written as embedded metrics (crates/platform, telemetry).
  own_namespace = "Waybill"

  queues = {
    ""       = { name = var.queue_name, says = "arrivals", waits = "files arrive faster than they are written down, or nobody writes them down" }
    "-loads" = { name = var.loads_queue_name, says = "loads", waits = "batches arrive faster than they are loaded, or nobody loads" }
  }

  # Both queues are watched alike.
  queue_alarms = merge([for suffix, queue in local.queues : {
    "message-age${suffix}" = merge(local.usual, {
      page = "message-age"
      says = "A message waits longer in the queue of ${queue.says} than a load may take: ${queue.waits}."
      metric = {
        namespace  = "AWS/SQS"
        name       = "ApproximateAgeOfOldestMessage"
        statistic  = "Maximum"
        dimensions = { QueueName = queue.name }
      }
      threshold  = var.thresholds.message_age_s
      period_s   = 60
      periods    = 5
      datapoints = 3
      # Nothing in the queue.
      missing = "notBreaching"
    })

    # The age leaves out what was received three times. While the database is away, messages are soon tried so often,
    # no batch can be written down as failed, and it takes two hours until the first is a dead letter.
    "message-tries${suffix}" = merge(local.usual, {
      page = "message-tries"
      says = "The same messages come again and again to the queue of ${queue.says}: they are tried and not settled."
      math = {
        expression = "IF(deleted + hidden > 0, received / (deleted + hidden), 0)"
        label      = "deliveries for each message"
        namespace  = "AWS/SQS"
        dimensions = { QueueName = queue.name }
        metrics = {
          received = { name = "NumberOfMessagesReceived", statistic = "Sum" }
          deleted  = { name = "NumberOfMessagesDeleted", statistic = "Sum" }
          hidden   = { name = "ApproximateNumberOfMessagesNotVisible", statistic = "Maximum" }
        }
      }
      threshold = var.thresholds.message_tries
      period_s  = 900
      # The pauses between tries grow to ten minutes: a later quarter of an hour looks quiet while nothing is mended.
      periods = 4
      # Nothing in the queue.
      missing = "notBreaching"
    })
  }]...)

  intake_alarms = merge(
    local.queue_alarms,
    {
      dead-letters = merge(local.usual, {
        page = "dead-letters"
        says = "Messages of the intake queues were given up after all their tries: batches that nobody loads."
        metric = {
          namespace  = "AWS/SQS"
          name       = "ApproximateNumberOfMessagesVisible"
          statistic  = "Maximum"
          dimensions = { QueueName = var.dead_letter_queue_name }
        }
        threshold = 1
        period_s  = 60
        # A queue that nobody touches for six hours says nothing any more, though its messages are still there.
        missing = "ignore"
      })

      batches-failed = merge(local.usual, {
        page = "batches-failed"
        says = "A batch failed on our side. The interrupted ones are tried again; what was too large or took too long is not."
        metric = {
          namespace  = local.own_namespace
          name       = "batches_failed"
          statistic  = "Sum"
          dimensions = { environment = var.environment }
        }
        threshold = var.thresholds.failed_batches
        # Written only when a batch fails.
        missing = "notBreaching"
      })

      batches-rejected = merge(local.usual, {
        page = "batches-rejected"
        says = "An unusual share of the batches is rejected: a sender changed something, or we did."
        math = {
          # Of those that ended in the same hour: a very large batch was received in another.
          expression = "IF(rejected >= ${var.thresholds.rejected_batches.at_least}, 100 * rejected / (rejected + FILL(committed, 0)), 0)"
          label      = "rejected, percent of those and the committed"
          namespace  = local.own_namespace
          dimensions = { environment = var.environment }
          metrics = {
            rejected  = { name = "batches_rejected", statistic = "Sum" }
            committed = { name = "batches_committed", statistic = "Sum" }
          }
        }
        threshold = var.thresholds.rejected_batches.percent
        period_s  = 3600
        # Nothing was rejected.
        missing = "notBreaching"
      })
    },
    {
      for key, alarm in {
        janitor-dead-letters = merge(local.usual, {
          page = "janitor-dead-letters"
          says = "The database was not started or not stopped at its hour."
          metric = {
            namespace  = "AWS/SQS"
            name       = "ApproximateNumberOfMessagesVisible"
            statistic  = "Maximum"
            dimensions = { QueueName = var.janitor_dead_letter_queue_name }
          }
          threshold = 1
          period_s  = 60
          # As above: the message stays when the queue falls silent.
          missing = "ignore"
        })
      } : key => alarm if var.janitor_dead_letter_queue_name != null
    },
  )
}
