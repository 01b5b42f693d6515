resource "aws_cognito_user_pool" "users" {
  count = var.user_pool_id == null ? 1 : 0

  name                     = "${local.prefix}-users"
  user_pool_tier           = var.threat_protection == "OFF" ? "ESSENTIALS" : "PLUS"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = { off = "OFF", optional = "OPTIONAL", required = "ON" }[var.mfa]
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

  # Cognito refuses the settings of a second factor together with OFF.
  dynamic "software_token_mfa_configuration" {
    for_each = var.mfa == "off" ? [] : [true]
    content {
      enabled = true
    }
  }

  sign_in_policy {
    allowed_first_auth_factors = var.passkeys ? ["PASSWORD", "WEB_AUTHN"] : ["PASSWORD"]
  }

  # With a domain of one's own, passkeys must belong to it, whether or not the pool has a prefix domain too.
  # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_WebAuthnConfigurationType.html
  dynamic "web_authn_configuration" {
    for_each = var.passkeys ? [local.passkey_host] : []
    content {
      relying_party_id  = web_authn_configuration.value
      user_verification = "required"
    }
  }

  admin_create_user_config {
    allow_admin_create_user_only = var.sign_up == "invite"
  }

  email_configuration {
    email_sending_account  = var.mail == null ? "COGNITO_DEFAULT" : "DEVELOPER"
    from_email_address     = try(var.mail.from, null)
    source_arn             = try(var.mail.identity_arn, null)
    reply_to_email_address = try(var.mail.reply_to, null)
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

# The pool of another stack, whose users this one serves too.
data "aws_cognito_user_pool" "shared" {
  count = var.user_pool_id == null ? 0 : 1

  user_pool_id = var.user_pool_id

  lifecycle {
    postcondition {
      condition     = anytrue([for domain in [self.custom_domain, self.domain] : try(length(domain) > 0, false)])
      error_message = "User pool ${self.user_pool_id} has no domain, so it has no sign-in page: use the pool of a stack that is deployed."
    }
  }
}

resource "aws_cognito_resource_server" "api" {
  user_pool_id = local.user_pool.id
  identifier   = local.scopes[0].identifier
  name         = local.scopes[0].identifier

  dynamic "scope" {
    for_each = local.scopes

    content {
      scope_name        = scope.value.name
      scope_description = scope.value.description
    }
  }
}

# The web app: authorization code with PKCE, because it cannot keep a secret.
resource "aws_cognito_user_pool_client" "web" {
  user_pool_id = local.user_pool.id
  name         = "${local.prefix}-web"

  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  # The last scope is required to sign out everywhere (GlobalSignOut).
  allowed_oauth_scopes = concat(["email", "openid"], aws_cognito_resource_server.api.scope_identifiers, ["aws.cognito.signin.user.admin"])
  callback_urls        = [for origin in local.callback_origins : "${origin}/"]
  logout_urls          = [for origin in local.callback_origins : "${origin}/"]

  generate_secret               = false
  explicit_auth_flows           = concat(["ALLOW_USER_SRP_AUTH"], var.passkeys ? ["ALLOW_USER_AUTH"] : [])
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
  user_pool_id = local.user_pool.id
  name         = "${local.prefix}-machine"

  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["client_credentials"]
  allowed_oauth_scopes                 = aws_cognito_resource_server.api.scope_identifiers

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

  user_pool_id = local.user_pool.id
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
  # The pool that users sign in to: of this stack, or of another.
  user_pool = var.user_pool_id == null ? { id = aws_cognito_user_pool.users[0].id, arn = aws_cognito_user_pool.users[0].arn } : { id = var.user_pool_id, arn = data.aws_cognito_user_pool.shared[0].arn }

  # The scopes of the contract, such as orders/read: `read` of the resource server `orders`.
  scopes = [for scope, description in local.service.scopes : merge(regex("^(?P<identifier>.*)/(?P<name>[^/]+)$", scope), { description = description })]

  client_ids = concat(
    [aws_cognito_user_pool_client.web.id, aws_cognito_user_pool_client.machine.id],
    aws_cognito_user_pool_client.password[*].id,
  )
}
