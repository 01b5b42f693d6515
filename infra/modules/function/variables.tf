variable "name" {
  description = "Name of the function."
  type        = string
}

variable "handler" {
  description = "Python path of the handler."
  type        = string
}

variable "code" {
  description = "The zip: its bucket, key and SHA-256 in Base64."
  type = object({
    bucket = string
    key    = string
    sha256 = string
  })
}

variable "environment" {
  description = "Environment variables, in addition to DATA_ROLE_ARN."
  type        = map(string)
}

variable "settings" {
  description = "Memory in MB, timeout in seconds, reserved concurrency, SnapStart."
  type = object({
    memory_size          = number
    timeout              = number
    reserved_concurrency = number
    snap_start           = bool
  })
}

variable "log_retention_days" {
  description = "Days that the function's logs are kept."
  type        = number
}

variable "data" {
  description = "What the function may do with data, by the Sid of a statement: actions on one resource. `leading_keys` match the partition keys of an owner's data there, for `abac`."
  type = map(object({
    actions      = list(string)
    resource     = string
    leading_keys = list(string)
  }))
}

variable "abac" {
  description = "Grant the data access to a separate role, which the function assumes with the session tag `owner`."
  type        = bool
}

variable "routes" {
  description = "Name -> execute-api ARN of each method that may call alias `prod`."
  type        = map(string)
}

variable "boundary" {
  description = "ARN of the permissions boundary of the function's roles. Null for none."
  type        = string
}
