# The addresses of the API, the web app and the sign-in page: AWS's own, or the team's domains, in front of the same stage,
# distribution and pool. AWS's own stay, so that moving to a domain, and back, interrupts nobody.

locals {
  domains = {
    api     = var.api_domain
    web     = var.web_domain
    sign_in = var.sign_in_domain
  }
  # What is addressed by its domain.
  used = { for what, domain in local.domains : what => domain.name if domain != null && var.domains_in_use }

  api_url = contains(keys(local.used), "api") ? "https://${local.used.api}" : aws_api_gateway_stage.api.invoke_url
  # The part of it that a content security policy names.
  api_origin = contains(keys(local.used), "api") ? "https://${local.used.api}" : "https://${aws_api_gateway_rest_api.api.id}.execute-api.${var.region}.amazonaws.com"

  sign_in_prefix = coalesce(var.sign_in_prefix, "${local.prefix}-${local.account}")
  prefix_host    = "${local.sign_in_prefix}.auth.${var.region}.amazoncognito.com"
  shared_host    = one([for pool in data.aws_cognito_user_pool.shared : try(coalesce(pool.custom_domain), "${pool.domain}.auth.${var.region}.amazoncognito.com")])
  sign_in_url    = "https://${var.user_pool_id == null ? lookup(local.used, "sign_in", local.prefix_host) : local.shared_host}"
  # Where passkeys belong: to the pool's domain, also before it is in use.
  passkey_host = try(var.sign_in_domain.name, local.prefix_host)

  # What to add to the DNS of the domains, wherever that is: a CNAME record, or in Route 53 an alias in `zone_id`, which
  # the root of a domain needs.
  dns_records = concat(
    [for domain in aws_api_gateway_domain_name.api : { serves = "api", name = domain.domain_name, type = "CNAME", value = domain.regional_domain_name, zone_id = domain.regional_zone_id }],
    [for domain in var.web_domain[*] : { serves = "web", name = domain.name, type = "CNAME", value = aws_cloudfront_distribution.site[0].domain_name, zone_id = aws_cloudfront_distribution.site[0].hosted_zone_id }],
    [for domain in aws_cognito_user_pool_domain.own : { serves = "sign_in", name = domain.domain, type = "CNAME", value = domain.cloudfront_distribution, zone_id = domain.cloudfront_distribution_zone_id }],
  )
}

resource "aws_api_gateway_domain_name" "api" {
  count = var.api_domain == null ? 0 : 1

  domain_name              = var.api_domain.name
  regional_certificate_arn = var.api_domain.certificate_arn
  security_policy          = "TLS_1_2"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

# No base path: the stage's name is not part of the URL.
resource "aws_api_gateway_base_path_mapping" "api" {
  count = var.api_domain == null ? 0 : 1

  domain_name = aws_api_gateway_domain_name.api[0].domain_name
  api_id      = aws_api_gateway_rest_api.api.id
  stage_name  = aws_api_gateway_stage.api.stage_name
}

resource "aws_cognito_user_pool_domain" "users" {
  count = var.user_pool_id == null ? 1 : 0

  user_pool_id          = aws_cognito_user_pool.users[0].id
  domain                = local.sign_in_prefix
  managed_login_version = local.sign_in_version
}

# Cognito serves it with TLS 1.2 or newer.
resource "aws_cognito_user_pool_domain" "own" {
  count = var.sign_in_domain == null ? 0 : 1

  user_pool_id          = aws_cognito_user_pool.users[0].id
  domain                = var.sign_in_domain.name
  certificate_arn       = var.sign_in_domain.certificate_arn
  managed_login_version = local.sign_in_version
}
