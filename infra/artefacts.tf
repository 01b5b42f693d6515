# The provider creates functions from S3 in parallel, but from a local file one after another.

locals {
  # Not worth the minute that it takes to configure on a local stack.
  keep_days = var.env == "local" ? null : 90
}

module "artefacts" {
  source = "./modules/private_bucket"

  name          = "${local.prefix}-artefacts-${local.account}"
  force_destroy = !var.deletion_protection
  keep_days     = local.keep_days
}

resource "aws_s3_object" "functions" {
  bucket      = module.artefacts.name
  key         = "functions/${filesha256(var.package)}.zip"
  source      = var.package
  source_hash = filesha256(var.package)

  lifecycle {
    create_before_destroy = true
  }
}
