output "boundary" {
  description = "ARN of the permissions boundary of every role of the stack."
  value       = aws_iam_policy.boundary.arn
}

output "roles" {
  description = "ARN of the role of each kind of workflow."
  value       = { for name, role in aws_iam_role.workflow : name => role.arn }
}
