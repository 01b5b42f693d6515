# No role of the stack can do more than its account's boundary, whatever its policy says (infra/ci/boundary.tf, made by
# `crudctl bootstrap`). So a deploy, which may make roles, cannot make a mightier one than itself.

locals {
  boundary = var.env == "local" ? null : "arn:aws:iam::${local.account}:policy/${local.prefix}-boundary"
}
