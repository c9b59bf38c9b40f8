terraform {
  # 1.10 locks S3 state natively.
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.6"
    }
  }

  # Bucket, region and lock are given by scripts/environment: prod's state lies in a bucket of its own.
  backend "s3" {
    key                  = "terraform.tfstate"
    workspace_key_prefix = "stack"
    use_lockfile         = true
    encrypt              = true
  }
}

provider "aws" {
  region = var.region

  # The emulator knows no bucket names as host names and no account to ask about. Its address comes from
  # AWS_ENDPOINT_URL, as for every other client.
  s3_use_path_style           = var.emulated
  skip_credentials_validation = var.emulated
  skip_metadata_api_check     = var.emulated

  default_tags {
    tags = {
      project     = var.prefix
      environment = local.environment
      managed-by  = "terraform"
    }
  }
}
