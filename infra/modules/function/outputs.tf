output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "version" {
  description = "The newest published version, which a release moves to."
  value       = aws_lambda_function.this.version
}
