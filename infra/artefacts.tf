# From S3 the provider makes the functions in parallel; from a local file, one after another.

locals {
  # On one's own machine it is not worth the minute that it takes to set.
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
