# With `abac`, IAM enforces ownership a second time: every key must start with the session tag `owner`.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html

resource "aws_iam_role" "data" {
  count                = local.with_data_role ? 1 : 0
  name                 = "${var.name}-data"
  permissions_boundary = var.boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { AWS = aws_iam_role.this.arn }
      Condition = {
        # ForAllValues is also true for a session without tags, hence Null.
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["owner"] }
        Null                        = { "aws:RequestTag/owner" = "false" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "data" {
  count = local.with_data_role ? 1 : 0
  name  = "data"
  role  = aws_iam_role.data[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in local.data_access : merge(statement, {
        Condition = {
          # ForAllValues is also true for a request without a key, hence Null. A tag's value cannot contain a wildcard.
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = var.data[statement.Sid].leading_keys }
          Null                      = { "dynamodb:LeadingKeys" = "false" }
        }
      })
    ]
  })
}
