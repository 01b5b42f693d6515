variable "name" {
  description = "Name of the service, as in infra/."
  type        = string
}

variable "env" {
  description = "Environment, or family of environments: the roles of `pr` serve pr-42 and all others that begin so."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.env)) && !can(regex("^(local|ci)$|aws|amazon|cognito", var.env))
    error_message = "Use a word of 2 to 12 lower-case letters and digits, a letter first: test, prod, pr. local is on no account, ci the name of the workflows' roles, and aws, amazon and cognito are AWS's own."
  }
}

variable "region" {
  description = "AWS region, as in infra/."
  type        = string

  validation {
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    condition     = !can(regex("^(cn-|us-gov-|us-iso|eu-isoe-|eusc-)", var.region))
    error_message = "Use a region of AWS's standard partition: China, GovCloud, the isolated regions and the European sovereign cloud have other ARNs, endpoints and root certificates."
  }
}

variable "repository" {
  description = "GitHub repository whose workflows may deploy: OWNER/NAME or, if GitHub puts ids into the subject of its tokens, OWNER@ID/NAME@ID. Null for none."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9._-]+|@[0-9]+/[A-Za-z0-9._-]+@[0-9]+)$", var.repository))
    error_message = "Use the form OWNER/NAME, or OWNER@ID/NAME@ID with both ids. `gh api repos/OWNER/NAME/actions/oidc/customization/sub` prints which of them GitHub uses, in sub_claim_prefix."
  }
}

variable "provider_here" {
  description = "Create the OIDC provider with which the account trusts GitHub. Set it to false if another stack has created it: there is one for each account."
  type        = bool
  default     = true
}
