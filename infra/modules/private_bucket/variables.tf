variable "name" {
  description = "Name of the bucket."
  type        = string
}

variable "force_destroy" {
  description = "Allow the bucket to be deleted together with its objects."
  type        = bool
}

variable "keep_days" {
  description = "Days that replaced and deleted objects are kept. Null keeps them forever."
  type        = number
}

variable "statements" {
  description = "Statements of the bucket policy, in addition to the one that denies plain HTTP."
  type        = any
  default     = []
}
