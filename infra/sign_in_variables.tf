# Who may sign in, and how. They are settings of the user pool: a stack that shares another's pool has none of them.

variable "sign_up" {
  description = "\"invite\": only people whom the team invites get an account. \"open\": anybody with an e-mail address can make one, and with Cognito's own mail sender, which takes about 50 messages a day, use up the password resets of everybody else: set `mail` too."
  type        = string
  default     = "invite"

  validation {
    condition     = contains(["open", "invite"], var.sign_up)
    error_message = "Use open or invite."
  }
}

variable "mail" {
  description = "Send the mail of the user pool through Amazon SES: the address it is from, such as `Support <no-reply@example.com>`, the ARN of the verified identity of that address or of its domain, and where replies go. Null: Cognito's own sender, about 50 messages a day."
  type = object({
    from         = string
    identity_arn = string
    reply_to     = optional(string)
  })
  default = null

  validation {
    # Cognito sends through SES in its own region or, in some regions, in another.
    # https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-email.html
    condition     = var.mail == null || can(regex("^arn:aws:ses:[a-z0-9-]+:[0-9]{12}:identity/[^/ ]+$", var.mail.identity_arn))
    error_message = "identity_arn must be the ARN of an SES identity: arn:aws:ses:REGION:ACCOUNT:identity/DOMAIN_OR_ADDRESS."
  }
  validation {
    condition = var.mail == null || try(
      anytrue([for identity in [lower(split("identity/", var.mail.identity_arn)[1])] : anytrue([for address in [lower(regex("[^<> ]+@[^<> ]+", var.mail.from))] :
      address == identity || split("@", address)[1] == identity || endswith(split("@", address)[1], ".${identity}")])]),
    false)
    error_message = "The address in `from` must be the identity itself, or of the identity's domain: SES sends from no other."
  }
}

variable "mfa" {
  description = "A second factor from an authenticator app at sign-in: \"off\", \"optional\" (each user decides) or \"required\"."
  type        = string
  default     = "optional"

  validation {
    condition     = contains(["off", "optional", "required"], var.mfa)
    error_message = "Use off, optional or required."
  }
  validation {
    condition     = !(var.mfa == "required" && var.password_client)
    error_message = "password_client signs in with user name and password only, which mfa = \"required\" refuses. Set password_client = false, or mfa = \"optional\"."
  }
}

variable "sign_in_page" {
  description = "Cognito's page: \"classic\", in the colours of infra/sign_in/classic.css, or \"managed\", the newer one, in those of infra/sign_in/managed.json."
  type        = string
  default     = "classic"

  validation {
    condition     = contains(["classic", "managed"], var.sign_in_page)
    error_message = "Use classic or managed."
  }
}

variable "passkeys" {
  description = "Let users sign in with a passkey (a fingerprint, a face or a security key) instead of the password. A passkey belongs to the domain of the sign-in page: with another `sign_in_domain` users register again."
  type        = bool
  default     = false

  validation {
    # https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow-methods.html
    condition     = !var.passkeys || var.sign_in_page == "managed"
    error_message = "The classic page has no passkeys: set sign_in_page = \"managed\"."
  }
  validation {
    # Cognito refuses a passkey beside a required second factor unless FactorConfiguration says that it counts as both, which
    # version 5 of the provider cannot set.
    # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_WebAuthnConfigurationType.html
    condition     = !(var.passkeys && var.mfa == "required")
    error_message = "Cognito refuses passkeys as long as a second factor is required: set mfa = \"optional\", or passkeys = false."
  }
}

variable "sign_in_rate_limit" {
  description = "Put a web ACL in front of the user pool, which blocks an address after so many requests to the sign-in page and to Cognito's API in five minutes; a sign-in takes about ten. Null: no web ACL. Price: USD 6 a month and 0.60 for each million requests."
  type        = number
  default     = null

  validation {
    condition     = var.sign_in_rate_limit == null || try(var.sign_in_rate_limit >= 10 && var.sign_in_rate_limit <= 2000000000, false)
    error_message = "Use 10 to 2,000,000,000, the range of AWS WAF, or null."
  }
}
