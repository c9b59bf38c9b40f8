data "aws_partition" "current" {}

locals {
  # Written out rather than read from the bucket, so that a plan shows every policy in full and can be checked. For the
  # same reason everything here names the bucket by its name and not by its id.
  arn = "arn:${data.aws_partition.current.partition}:s3:::${var.name}"

  # From the highest to the lowest: S3 moves objects down this list only.
  tier_classes = ["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Access logs are the caller's choice (access_logs); the bucket that receives them cannot log itself
  #checkov:skip=CKV_AWS_144:Replication is the caller's choice (replicate_to); most environments have nothing worth a second region
  #checkov:skip=CKV_AWS_145:SSE-S3 on purpose; a customer key costs money per request and adds no reader that IAM does not already name
  #checkov:skip=CKV2_AWS_62:Events belong to whoever listens; modules/intake sets them for the one bucket that has a listener

  region = var.region

  bucket        = var.name
  force_destroy = var.destroyable
}

resource "aws_s3_bucket_versioning" "this" {
  region = var.region
  bucket = aws_s3_bucket.this.bucket

  versioning_configuration {
    status = var.versioned ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  region = var.region
  bucket = aws_s3_bucket.this.bucket

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  region = var.region
  bucket = aws_s3_bucket.this.bucket

  rule {
    # No ACLs: who may read is said in policies alone.
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_cors_configuration" "this" {
  count = length(var.cors_origins) > 0 ? 1 : 0

  region = var.region

  bucket = aws_s3_bucket.this.bucket

  cors_rule {
    id              = "presigned"
    allowed_origins = var.cors_origins
    allowed_methods = ["GET", "PUT"]
    allowed_headers = ["*"]
    # A page that uploads in parts hands these back to complete the upload.
    expose_headers  = ["ETag", "x-amz-checksum-crc32", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256", "x-amz-version-id"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_accelerate_configuration" "this" {
  count = var.acceleration ? 1 : 0

  region = var.region

  bucket = aws_s3_bucket.this.bucket
  status = "Enabled"
}

resource "aws_s3_bucket_logging" "this" {
  count = var.access_logs == null ? 0 : 1

  region = var.region

  bucket        = aws_s3_bucket.this.bucket
  target_bucket = var.access_logs.bucket
  target_prefix = var.access_logs.prefix

  target_object_key_format {
    # Keys then hold the source bucket and the day, so that a query reads one day of one bucket.
    partitioned_prefix {
      partition_date_source = "EventTime"
    }
  }
}
