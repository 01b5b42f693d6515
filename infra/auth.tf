resource "aws_cognito_user_pool" "users" {
  name                     = "${local.prefix}-users"
  user_pool_tier           = var.threat_protection == "OFF" ? "ESSENTIALS" : "PLUS"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OPTIONAL"
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"

  username_configuration {
    case_sensitive = false
  }

  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = true
    temporary_password_validity_days = 7
  }

  software_token_mfa_configuration {
    enabled = true
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  # A new address takes effect only once it is verified, so that an account cannot be moved to somebody else's address.
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }

  user_pool_add_ons {
    advanced_security_mode = var.threat_protection
  }

  # A change of the schema would replace the pool and lose its users.
  lifecycle {
    ignore_changes = [schema]
  }
}

resource "aws_cognito_user_pool_domain" "users" {
  user_pool_id = aws_cognito_user_pool.users.id
  domain       = local.sign_in_prefix
}

resource "aws_cognito_resource_server" "items" {
  user_pool_id = aws_cognito_user_pool.users.id
  identifier   = "items"
  name         = "items"

  scope {
    scope_name        = "read"
    scope_description = "Read your items"
  }

  scope {
    scope_name        = "write"
    scope_description = "Create, change and delete your items"
  }
}

# The web app: authorization code with PKCE, because it cannot keep a secret.
resource "aws_cognito_user_pool_client" "web" {
  user_pool_id = aws_cognito_user_pool.users.id
  name         = "${local.prefix}-web"

  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  # The last scope is required to sign out everywhere (GlobalSignOut).
  allowed_oauth_scopes = concat(["email", "openid"], aws_cognito_resource_server.items.scope_identifiers, ["aws.cognito.signin.user.admin"])
  callback_urls        = [for origin in local.web_origins : "${origin}/"]
  logout_urls          = [for origin in local.web_origins : "${origin}/"]

  generate_secret               = false
  explicit_auth_flows           = ["ALLOW_USER_SRP_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  # The gateway does not know of a sign-out, so access tokens are short-lived.
  access_token_validity  = 60
  id_token_validity      = 60
  refresh_token_validity = 30
  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }

  refresh_token_rotation {
    feature                    = "ENABLED"
    retry_grace_period_seconds = 30
  }

  lifecycle {
    precondition {
      condition     = var.cdn || length(var.web_origins) > 0
      error_message = "No address serves the web app: set cdn = true or web_origins."
    }
  }
}

# Programs that act on their own behalf: client credentials.
resource "aws_cognito_user_pool_client" "machine" {
  user_pool_id = aws_cognito_user_pool.users.id
  name         = "${local.prefix}-machine"

  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = aws_cognito_resource_server.items.scope_identifiers

  generate_secret               = true
  explicit_auth_flows           = ["ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  access_token_validity = 60
  token_validity_units {
    access_token = "minutes"
  }
}

# For tests and `crudctl token`: user name and password.
resource "aws_cognito_user_pool_client" "password" {
  count = var.password_client ? 1 : 0

  user_pool_id = aws_cognito_user_pool.users.id
  name         = "${local.prefix}-password"

  explicit_auth_flows           = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
  generate_secret               = false
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  access_token_validity = 60
  token_validity_units {
    access_token = "minutes"
  }
}

locals {
  sign_in_prefix = coalesce(var.sign_in_prefix, "${local.prefix}-${local.account}")
  sign_in_url    = "https://${local.sign_in_prefix}.auth.${var.region}.amazoncognito.com"

  client_ids = concat(
    [aws_cognito_user_pool_client.web.id, aws_cognito_user_pool_client.machine.id],
    aws_cognito_user_pool_client.password[*].id,
  )
}
