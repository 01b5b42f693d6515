variable "name" {
  description = "Name of the service, as in infra/."
  type        = string
  default     = "items"
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
  default     = "eu-west-2"
}

variable "repository" {
  description = "GitHub repository whose workflows may deploy, as OWNER/NAME. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "Write OWNER/NAME."
  }
}

variable "provider_here" {
  description = "Make the account trust GitHub. False where another stack of the same account does: there is one for each account."
  type        = bool
  default     = true
}
