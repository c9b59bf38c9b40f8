resource "aws_s3_bucket_lifecycle_configuration" "this" {
  region = var.region
  bucket = aws_s3_bucket.this.bucket

  rule {
    id     = "content"
    status = "Enabled"

    filter {}

    dynamic "transition" {
      for_each = var.retention.tiers

      content {
        days          = transition.value.after_days
        storage_class = transition.value.class
      }
    }

    dynamic "expiration" {
      for_each = var.retention.expire_days == null ? [] : [var.retention.expire_days]

      content {
        days = expiration.value
      }
    }

    # What nobody sees any more must not be paid for for ever.
    noncurrent_version_expiration {
      noncurrent_days = var.retention.noncurrent_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = var.retention.abort_multipart_days
    }
  }

  # What nobody needs when the work is done that it was written for.
  dynamic "rule" {
    for_each = var.retention.short_lived

    content {
      id     = "short-lived ${rule.key}"
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }

      abort_incomplete_multipart_upload {
        days_after_initiation = rule.value
      }
    }
  }

  # What is left when all versions of an object are gone. S3 does not take this in one rule with a number of days.
  rule {
    id     = "markers"
    status = "Enabled"

    filter {}

    expiration {
      expired_object_delete_marker = true
    }
  }

  # Rules about versions are refused or without effect until the bucket has versions.
  depends_on = [aws_s3_bucket_versioning.this]
}
