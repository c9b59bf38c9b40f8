# Ways to AWS services that do not leave the VPC.

locals {
  endpoint_zones = slice(local.letters, 0, coalesce(var.endpoints.zones, var.zones))
}

# Whoever gets to run code in here must not carry data out with keys of an account of their own. What our own roles
# may do is said by their policies.
data "aws_iam_policy_document" "endpoints" {
  #checkov:skip=CKV_AWS_283:the condition names the account; the principal's element cannot say "any role of it"
  #checkov:skip=CKV_AWS_1:an endpoint's policy grants nothing by itself, it only bounds
  #checkov:skip=CKV_AWS_49:an endpoint's policy grants nothing by itself, it only bounds
  #checkov:skip=CKV_AWS_107:an endpoint's policy grants nothing by itself, it only bounds
  #checkov:skip=CKV_AWS_108:an endpoint's policy grants nothing by itself, it only bounds
  #checkov:skip=CKV_AWS_109:an endpoint's policy grants nothing by itself, it only bounds
  #checkov:skip=CKV_AWS_110:an endpoint's policy grants nothing by itself, it only bounds
  #checkov:skip=CKV_AWS_111:an endpoint's policy grants nothing by itself, it only bounds
  #checkov:skip=CKV_AWS_356:an endpoint's policy grants nothing by itself, it only bounds

  statement {
    sid       = "OwnAccount"
    actions   = ["*"]
    resources = ["*"] # the roles' policies name the resources

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "s3" {
  #checkov:skip=CKV_AWS_283:ECR signs the reads of image layers as itself, from an account that it does not publish

  source_policy_documents = [data.aws_iam_policy_document.endpoints.json]

  statement {
    sid       = "ImageLayers"
    actions   = ["s3:GetObject"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::prod-${data.aws_region.current.region}-starport-layer-bucket/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${data.aws_region.current.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]
  policy            = data.aws_iam_policy_document.s3.json

  tags = {
    Name = "${var.name}-s3"
  }
}

resource "aws_vpc_endpoint" "services" {
  for_each = var.endpoints.services

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${data.aws_region.current.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for letter in local.endpoint_zones : aws_subnet.private[letter].id]
  security_group_ids  = [aws_security_group.endpoints.id]
  policy              = data.aws_iam_policy_document.endpoints.json

  tags = {
    Name = "${var.name}-${each.value}"
  }
}
