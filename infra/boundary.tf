# No role of the stack can do more than its account's boundary allows, whatever its policy (infra/ci/boundary.tf, created by
# `crudctl bootstrap`). So a deploy, which may create roles, cannot create one with more permissions than itself.

locals {
  boundary = var.env == "local" ? null : "arn:aws:iam::${local.account}:policy/${var.name}-${local.family}-boundary"
}
