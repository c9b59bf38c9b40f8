# How each release ended. Apart from the alarms' topic: the machine publishes with its role, which may use the key that AWS
# manages for SNS, and whoever wants to hear of releases need not hear of alarms.
resource "aws_sns_topic" "releases" {
  name              = "${var.name}-releases"
  kms_master_key_id = "alias/aws/sns"
}

# Nobody is let in here; the machine's role is by its own policy.
data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.releases.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "releases" {
  arn    = aws_sns_topic.releases.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "emails" {
  for_each = var.emails

  topic_arn = aws_sns_topic.releases.arn
  protocol  = "email"
  endpoint  = each.value
}
