# Both wait until versions are on and access is closed: an object that came before would have no version,
# and a bucket without versions cannot be the target of a replication.

output "name" {
  description = "The bucket's name, known while planning."
  value       = aws_s3_bucket.this.bucket
  depends_on  = [aws_s3_bucket_versioning.this, aws_s3_bucket_policy.this]
}

output "arn" {
  description = "The bucket's ARN, known while planning."
  value       = local.arn
  depends_on  = [aws_s3_bucket.this, aws_s3_bucket_versioning.this, aws_s3_bucket_policy.this]
}
