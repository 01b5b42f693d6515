# Of one partition of a table or an index. DynamoDB throttles what is beyond, also writes to the table that an index cannot take:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-key-range-limit-exceeded-mitigation.html
# A partition of the index has what one owner has; it is not split, because each new entry comes after all others in it.
locals {
  partition_units = 1000 # write units a second
  # Of the index, when each method that writes is called once for a resource of up to 1 KB: into the trash or out of it, an entry moves.
  index_units = sum([
    for operation in local.service.operations : contains(["delete", "restore"], operation.kind) ? 2 : 1 if operation.method != "GET"
  ])
}

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

  # With the key that AWS owns, which costs nothing: `true` would be a key of KMS, each use of which is billed. Without the block,
  # a table that exists would keep the key that it has. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSESpecification.html
  server_side_encryption {
    enabled = false
  }

  # Data stays where it is: another collection in the contract replaces no table, and a table that point-in-time recovery has made
  # can take this one's place (`crudctl use-table`). Everything else refers to the name that is in the state.
  lifecycle {
    ignore_changes = [name]
  }
}
