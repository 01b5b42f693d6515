# The boundary of the roles outside modules/function, in one place. Terraform merges an override into the resource of that name.
# https://developer.hashicorp.com/terraform/language/files/override

resource "aws_iam_role" "gateway_logging" {
  permissions_boundary = local.boundary
}

resource "aws_iam_role" "rollback" {
  permissions_boundary = local.boundary
}
