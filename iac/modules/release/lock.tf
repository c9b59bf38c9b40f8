# Who releases, and where every alias was before: one item for as long as a release takes.
resource "aws_dynamodb_table" "releases" {
  #checkov:skip=CKV_AWS_28:The one item lives as long as a release; restored from yesterday it would be a lock of nobody's
  #checkov:skip=CKV_AWS_119:DynamoDB encrypts every table with its own key; a commit and versions need no key of one's own

  name         = "${var.name}-releases"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "name"

  attribute {
    name = "name"
    type = "S"
  }
}
