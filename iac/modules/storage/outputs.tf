output "buckets" {
  description = "Name and ARN of each bucket, by purpose: incoming, curated, reports."
  value       = { for purpose, bucket in local.buckets : purpose => { name = bucket.name, arn = bucket.arn } }
}
