variable "name" {
  description = "Name of the service, as in infra/."
  type        = string
}

variable "env" {
  description = "Environment, as in infra/."
  type        = string

  validation {
    condition     = contains(["test", "prod"], var.env)
    error_message = "Use test or prod."
  }
}

variable "region" {
  description = "AWS region, as in infra/."
  type        = string
}

variable "repository" {
  description = "GitHub repository whose workflows may deploy, as OWNER/NAME. Null for none."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "Use the form OWNER/NAME."
  }
}

variable "provider_here" {
  description = "Create the OIDC provider with which the account trusts GitHub. Set it to false if another stack has created it: there is one for each account."
  type        = bool
  default     = true
}
