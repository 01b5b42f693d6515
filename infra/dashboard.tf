locals {
  api_dimensions = ["ApiName", aws_api_gateway_rest_api.items.name, "Stage", local.stage]
  operation_ids  = keys(local.functions)

  widgets = [
    {
      title = "Requests and errors"
      metrics = [
        concat(["AWS/ApiGateway", "Count"], local.api_dimensions, [{ stat = "Sum" }]),
        concat(["AWS/ApiGateway", "4XXError"], local.api_dimensions, [{ stat = "Sum" }]),
        concat(["AWS/ApiGateway", "5XXError"], local.api_dimensions, [{ stat = "Sum" }]),
      ]
    },
    {
      title = "Latency at the gateway, ms"
      metrics = [
        for stat in ["p50", "p90", "p99"] :
        concat(["AWS/ApiGateway", "Latency"], local.api_dimensions, [{ stat = stat, label = stat }])
      ]
    },
    {
      title   = "Faults by operation"
      metrics = [for id in local.operation_ids : [local.prefix, "Faults", "operation", id, { stat = "Sum", label = id }]]
    },
    {
      title   = "Latency in the function by operation, p99, ms"
      metrics = [for id in local.operation_ids : [local.prefix, "Latency", "operation", id, { stat = "p99", label = id }]]
    },
    {
      title = "Crashes, timeouts and throttles of functions"
      metrics = concat([
        for key, name in local.function_names : ["AWS/Lambda", "Errors", "FunctionName", name, "Resource", "${name}:prod", { stat = "Sum", label = "${key} crashes" }]
        ], [
        for key, name in local.function_names : ["AWS/Lambda", "Throttles", "FunctionName", name, "Resource", "${name}:prod", { stat = "Sum", label = "${key} throttles" }]
      ])
    },
    {
      title = "Table: consumed capacity and throttles"
      metrics = [
        for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"] :
        ["AWS/DynamoDB", metric, "TableName", aws_dynamodb_table.items.name, { stat = "Sum" }]
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "items" {
  dashboard_name = local.prefix

  dashboard_body = jsonencode({
    widgets = [
      for index, widget in local.widgets : {
        type   = "metric"
        x      = index % 2 * 12
        y      = floor(index / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = widget.title
          metrics = widget.metrics
          region  = var.region
          period  = 300
          view    = "timeSeries"
        }
      }
    ]
  })
}
