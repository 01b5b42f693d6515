variable "name" {
  description = "Name of the bucket."
  type        = string
}

variable "force_destroy" {
  description = "Let the bucket be deleted with what is in it."
  type        = bool
}

variable "keep_days" {
  description = "Days that replaced and deleted objects are kept. Null: for ever."
  type        = number
}

variable "statements" {
  description = "Statements of the bucket policy, beside the one that refuses plain HTTP."
  type        = any
  default     = []
}
