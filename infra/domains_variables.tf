# The team's own addresses. Certificates are made outside of this stack, because somebody has to prove that the domain is the team's.

variable "api_domain" {
  description = "Domain of the API, without /v1 in its URLs, and the ARN of its ACM certificate in the region of the stack. Null: API Gateway's own address."
  type = object({
    name            = string
    certificate_arn = string
  })
  default = null

  validation {
    condition     = var.api_domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.api_domain.name))
    error_message = "name must be a domain in lower case, such as api.example.com, without https:// and path."
  }
  validation {
    condition     = var.api_domain == null || can(regex("^arn:aws:acm:${var.region}:[0-9]{12}:certificate/.+$", var.api_domain.certificate_arn))
    error_message = "Use an ACM certificate in ${var.region}: a regional API accepts no others."
  }
}

variable "web_domain" {
  description = "Domain of the web app and the ARN of its ACM certificate in us-east-1. Null: CloudFront's own address, which cannot require TLS 1.2."
  type = object({
    name            = string
    certificate_arn = string
  })
  default = null

  validation {
    condition     = var.web_domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.web_domain.name))
    error_message = "name must be a domain in lower case, such as app.example.com, without https:// and path."
  }
  validation {
    condition     = var.web_domain == null || can(regex("^arn:aws:acm:us-east-1:[0-9]{12}:certificate/.+$", var.web_domain.certificate_arn))
    error_message = "Use an ACM certificate in us-east-1: CloudFront accepts no others."
  }
  validation {
    condition     = var.web_domain == null || var.cdn
    error_message = "web_domain is CloudFront's: set cdn = true. An app that is served elsewhere is in web_origins."
  }
}

variable "sign_in_domain" {
  description = "Domain of the sign-in page and the ARN of its ACM certificate in us-east-1. Its parent domain must have an A record before the deploy. Null: only the address that begins with `sign_in_prefix`."
  type = object({
    name            = string
    certificate_arn = string
  })
  default = null

  validation {
    # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-add-custom-domain.html
    condition     = var.sign_in_domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.){2,}[a-z]{2,}$", var.sign_in_domain.name))
    error_message = "name must be a subdomain in lower case, such as auth.example.com, without https:// and path."
  }
  validation {
    condition     = var.sign_in_domain == null || can(regex("^arn:aws:acm:us-east-1:[0-9]{12}:certificate/.+$", var.sign_in_domain.certificate_arn))
    error_message = "Use an ACM certificate in us-east-1: Cognito accepts no others."
  }
  validation {
    condition     = length(distinct([for domain in [var.api_domain, var.web_domain, var.sign_in_domain] : domain.name if domain != null])) == length([for domain in [var.api_domain, var.web_domain, var.sign_in_domain] : domain if domain != null])
    error_message = "The API, the web app and the sign-in page need a domain each."
  }
  validation {
    condition     = var.env != "local" || alltrue([for domain in [var.api_domain, var.web_domain, var.sign_in_domain] : domain == null])
    error_message = "The stack on this machine has no domains: set api_domain, web_domain and sign_in_domain in the settings of another environment."
  }
}

variable "domains_in_use" {
  description = "Whether the web app, its users and `crudctl` use the domains. false: make them, with the DNS records to add in the output `dns_records`, and go on with AWS's addresses, so that an environment in service moves once its names resolve."
  type        = bool
  default     = true
}

variable "hsts" {
  description = "How long browsers refuse plain HTTP for the web app's domain, in days, and for every subdomain of it too. Both bind the domain for that time: with include_subdomains, example.com binds all of its subdomains, whoever serves them."
  type = object({
    days               = optional(number, 30)
    include_subdomains = optional(bool, false)
  })
  default = {}

  validation {
    condition     = var.hsts.days >= 0 && var.hsts.days <= 730 && floor(var.hsts.days) == var.hsts.days
    error_message = "days must be a whole number from 0 (browsers forget) to 730."
  }
}
