output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "version" {
  description = "The newest published version, to which a release moves the traffic."
  value       = aws_lambda_function.this.version
}
