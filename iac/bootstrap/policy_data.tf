# Buckets, queues, topics, tables and parameters.

data "aws_iam_policy_document" "data" {
  for_each = local.writers

  statement {
    sid = "Buckets"
    actions = [
      "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy",
      "s3:PutAccelerateConfiguration", "s3:PutBucketCORS", "s3:PutBucketLogging", "s3:PutBucketNotification",
      "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging",
      "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration",
      "s3:TagResource", "s3:UntagResource",
    ]
    resources = local.arns[each.key].buckets
  }

  dynamic "statement" {
    # A bucket is emptied before it goes. prod's are not: there a destroy stops, and somebody has to think.
    for_each = each.key == "prod" ? [] : [1]

    content {
      sid       = "EmptyBuckets"
      actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"]
      resources = local.arns[each.key].buckets
    }
  }

  statement {
    sid       = "Queues"
    actions   = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"]
    resources = local.arns[each.key].queues
  }

  statement {
    sid = "Topics"
    actions = [
      "sns:CreateTopic", "sns:DeleteTopic", "sns:SetSubscriptionAttributes", "sns:SetTopicAttributes", "sns:Subscribe",
      "sns:TagResource", "sns:Unsubscribe", "sns:UntagResource",
    ]
    resources = local.arns[each.key].topics
  }

  statement {
    # Tables, not what is in them: the lock of releases is taken and given back by the release alone.
    sid       = "Tables"
    actions   = ["dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:TagResource", "dynamodb:UntagResource", "dynamodb:UpdateTable"]
    resources = local.arns[each.key].tables
  }

  statement {
    # The key of SecureStrings is AWS' own, and its policy lets in whoever Parameter Store lets in.
    sid = "Parameters"
    actions = [
      "ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:DeleteParameters", "ssm:PutParameter", "ssm:RemoveTagsFromResource",
    ]
    resources = local.arns[each.key].parameters
  }
}
