# The key is "<owner>#<id>": callers can address only what is their own.
resource "aws_dynamodb_table" "data" {
  name                        = "${local.prefix}-${local.service.collection}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "id"
    type = "S"
  }

  attribute {
    name = "owner"
    type = "S"
  }

  attribute {
    name = "created_at"
    type = "S"
  }

  global_secondary_index {
    name            = "by_owner"
    hash_key        = "owner"
    range_key       = "created_at"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  # Data stays where it is: another collection in the contract replaces no table, and a table that point-in-time recovery has made
  # can take this one's place (`crudctl use-table`). Everything else refers to the name that is in the state.
  lifecycle {
    ignore_changes = [name]
  }
}
