# A copy of every new object in another bucket. Deletions are not copied: the copy is for the day on which
# somebody deletes too much, and the role below could not delete there if it wanted to.

data "aws_iam_policy_document" "replication_trust" {
  count = var.replicate_to == null ? 0 : 1

  statement {
    sid     = "S3"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "replication" {
  count = var.replicate_to == null ? 0 : 1

  statement {
    sid       = "ReadRules"
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = [local.arn]
  }

  statement {
    sid       = "ReadObjects"
    actions   = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
    resources = ["${local.arn}/*"]
  }

  statement {
    sid       = "WriteCopies"
    actions   = ["s3:ReplicateObject", "s3:ReplicateTags"]
    resources = ["${var.replicate_to.bucket_arn}/*"]
  }
}

resource "aws_iam_role" "replication" {
  count = var.replicate_to == null ? 0 : 1

  name                 = "${var.name}-copying"
  description          = "S3 copies new objects of ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.replication_trust[0].json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "replication" {
  count = var.replicate_to == null ? 0 : 1

  name   = "copying"
  role   = aws_iam_role.replication[0].name
  policy = data.aws_iam_policy_document.replication[0].json
}

resource "aws_s3_bucket_replication_configuration" "this" {
  count = var.replicate_to == null ? 0 : 1

  region = var.region

  bucket = aws_s3_bucket.this.bucket
  role   = aws_iam_role.replication[0].arn

  rule {
    id       = "copy"
    status   = "Enabled"
    priority = 0

    filter {}

    delete_marker_replication {
      status = "Disabled"
    }

    destination {
      bucket        = var.replicate_to.bucket_arn
      storage_class = var.replicate_to.storage_class
    }
  }

  # S3 refuses the rule before the bucket has versions; the role is of no use before its policy.
  depends_on = [aws_s3_bucket_versioning.this, aws_iam_role_policy.replication]
}
