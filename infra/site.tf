# The web app: a private bucket behind CloudFront. `crudctl deploy` uploads the app after the functions are released.

locals {
  # The origins that serve the app, the one that users are given first, and those to which Cognito may redirect them.
  cdn_origin       = one([for d in aws_cloudfront_distribution.site : "https://${d.domain_name}"])
  web_origins      = concat(var.cdn ? [contains(keys(local.used), "web") ? "https://${local.used.web}" : local.cdn_origin] : [], var.web_origins)
  callback_origins = distinct(concat(local.web_origins, var.cdn ? [local.cdn_origin] : [], [for domain in var.web_domain[*] : "https://${domain.name}"]))

  # The user pool's own API, which the app uses to sign out everywhere.
  cognito_url = "https://cognito-idp.${var.region}.amazonaws.com"

  # The headers of every file. The local web server reads the same file.
  site_headers = {
    for name, parts in jsondecode(templatefile("${path.module}/site_headers.json", {
      api     = local.api_origin
      sign_in = local.sign_in_url
      cognito = local.cognito_url
      hsts    = "max-age=${var.hsts.days * 86400}${var.hsts.include_subdomains ? "; includeSubDomains" : ""}"
    })) : name => join("; ", parts)
  }
}

locals {
  web_config = jsonencode({
    api_url             = local.api_url
    region              = var.region
    user_pool_id        = local.user_pool.id
    user_pool_client_id = aws_cognito_user_pool_client.web.id
    hosted_ui_url       = local.sign_in_url
    cognito_url         = local.cognito_url
    sign_up             = local.sign_up
    password_rules      = local.password_rules
    trash_days          = var.trash_days
  })
}

module "site" {
  source = "./modules/private_bucket"
  count  = var.cdn ? 1 : 0

  name          = "${local.prefix}-site-${local.account}"
  force_destroy = !var.deletion_protection
  keep_days     = local.keep_days

  statements = [
    {
      Sid       = "Distribution"
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Resource  = "arn:aws:s3:::${local.prefix}-site-${local.account}/*"
      Condition = { StringEquals = { "aws:SourceArn" = aws_cloudfront_distribution.site[0].arn } }
    },
  ]
}

# What the app needs to know about its stack.
resource "aws_s3_object" "web_config" {
  count = var.cdn ? 1 : 0

  bucket        = module.site[0].name
  key           = "config.json"
  content_type  = "application/json"
  cache_control = "no-cache"

  content = local.web_config
  etag    = md5(local.web_config) # it is read back, the content is not: an upload that failed is repeated
}

resource "aws_cloudfront_origin_access_control" "site" {
  count = var.cdn ? 1 : 0

  name                              = "${local.prefix}-site"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_response_headers_policy" "site" {
  count = var.cdn ? 1 : 0
  name  = "${local.prefix}-site"

  security_headers_config {
    content_security_policy {
      content_security_policy = local.site_headers["Content-Security-Policy"]
      override                = true
    }
    content_type_options {
      override = true
    }
    frame_options {
      frame_option = local.site_headers["X-Frame-Options"]
      override     = true
    }
    referrer_policy {
      referrer_policy = local.site_headers["Referrer-Policy"]
      override        = true
    }
    strict_transport_security {
      access_control_max_age_sec = var.hsts.days * 86400
      include_subdomains         = var.hsts.include_subdomains
      override                   = true
    }
  }

  # CloudFront accepts the others only as custom headers.
  custom_headers_config {
    dynamic "items" {
      for_each = {
        for name, value in local.site_headers : name => value
        if startswith(name, "Cross-Origin-") || name == "Permissions-Policy"
      }
      content {
        header   = items.key
        value    = items.value
        override = true
      }
    }
  }
}

resource "aws_cloudfront_distribution" "site" {
  count = var.cdn ? 1 : 0

  comment             = "${local.prefix} web app"
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  price_class         = "PriceClass_100"
  default_root_object = "index.html"
  aliases             = var.web_domain == null ? [] : [var.web_domain.name]

  origin {
    origin_id                = "site"
    domain_name              = module.site[0].domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site[0].id
  }

  default_cache_behavior {
    target_origin_id           = "site"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = true
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6" # AWS's CachingOptimized
    response_headers_policy_id = aws_cloudfront_response_headers_policy.site[0].id
  }

  # The app routes by path itself. S3 responds with 403 for a missing object to callers that may not list the bucket.
  dynamic "custom_error_response" {
    for_each = [403, 404]
    content {
      error_code         = custom_error_response.value
      response_code      = 200
      response_page_path = "/index.html"
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.web_domain == null
    acm_certificate_arn            = one(var.web_domain[*].certificate_arn)
    ssl_support_method             = var.web_domain == null ? null : "sni-only"
    # AWS always sets TLSv1 for its own domain.
    minimum_protocol_version = var.web_domain == null ? "TLSv1" : "TLSv1.2_2021"
  }
}
