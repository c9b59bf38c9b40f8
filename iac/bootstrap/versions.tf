terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }

  # No backend here: this root makes the bucket that its own state moves into. README.md has the command.
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project    = var.prefix
      managed-by = "terraform"
    }
  }
}
