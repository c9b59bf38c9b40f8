# Images: of the loader, for the lane that runs it as a task, and of the API, for those who run that as a container.

resource "aws_ecr_repository" "images" {
  for_each = local.registry

  #checkov:skip=CKV_AWS_136:AES-256 with ECR's own key on purpose; a customer key costs money per request and adds no reader that IAM does not already name

  name                 = each.value
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.destroyable

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "images" {
  for_each = local.registry

  repository = aws_ecr_repository.images[each.key].name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Layers that no tag names are left over from pushes that broke off."
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "More releases than anybody goes back to."
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 200 }
        action       = { type = "expire" }
      },
    ]
  })
}
