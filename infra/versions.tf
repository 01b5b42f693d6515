terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

# AWS_ENDPOINT_URL points to the local stack. Its S3 has no host name for each bucket.
provider "aws" {
  region            = var.region
  s3_use_path_style = var.env == "local"

  default_tags {
    tags = {
      Service     = var.name
      Environment = var.env
      ManagedBy   = "terraform"
    }
  }
}

data "aws_caller_identity" "current" {
  lifecycle {
    postcondition {
      condition     = (var.env == "local") == (self.account_id == "000000000000")
      error_message = "env \"${var.env}\" must not be applied to account ${self.account_id}: local is the emulator's account 000000000000, and only local is."
    }
  }
}

locals {
  account = data.aws_caller_identity.current.account_id
  prefix  = "${var.name}-${var.env}"

  # `pr` of pr-42: what `crudctl bootstrap` made has its name.
  family     = regex("^[a-z0-9]+", var.env)
  production = local.family == "prod"
}
