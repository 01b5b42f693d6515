output "boundary" {
  description = "ARN of the permissions boundary of every role of the stack."
  value       = aws_iam_policy.boundary.arn
}

output "roles" {
  description = "The role of each kind of workflow: its ARN, and the subject of GitHub's tokens that may assume it."
  value       = { for name, role in aws_iam_role.workflow : name => { arn = role.arn, subject = "repo:${var.repository}:${local.roles[name]}" } }
}
