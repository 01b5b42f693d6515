output "boundary" {
  description = "The policy that bounds every role of the stack."
  value       = aws_iam_policy.boundary.arn
}

output "roles" {
  description = "Role of each kind of workflow."
  value       = { for name, role in aws_iam_role.workflow : name => role.arn }
}
