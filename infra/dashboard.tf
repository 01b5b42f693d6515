# One screen: are users fine, which version, what is slow, what does it cost? `crudctl dashboard` renders the same body.

locals {
  operation_ids = keys(local.functions)
  gateway_of    = { for metric in ["Count", "4XXError", "5XXError", "Latency"] : metric => ["AWS/ApiGateway", metric, "ApiName", local.gateway.ApiName, "Stage", local.gateway.Stage] }
  table_of      = ["TableName", aws_dynamodb_table.data.name]
  runs_of       = { for key, name in local.function_names : key => ["FunctionName", name, "Resource", "${name}:prod"] }

  # One number for the whole time range: TIME_SERIES of the SUM of a series.
  failures = [
    concat(local.gateway_of["Count"], [{ id = "all", stat = "Sum", visible = false }]),
    concat(local.gateway_of["5XXError"], [{ id = "bad", stat = "Sum", visible = false }]),
  ]
  latencies = [
    concat(local.gateway_of["Latency"], [{ id = "timed", stat = "SampleCount", visible = false }]),
    concat(local.gateway_of["Latency"], [{ id = "late", stat = "TC(${var.slo.latency_ms}:)", visible = false }]),
  ]

  widgets = [
    {
      width = 6, height = 4, view = "singleValue", title = "Requests without a 5xx, % (objective ${var.slo.availability * 100})"
      metrics = concat(local.failures, [
        [{ expression = "TIME_SERIES(100 - 100 * SUM(bad) / SUM(all))", label = "without 5xx", id = "share" }],
        [{ expression = "TIME_SERIES(SUM(bad) / SUM(all) / ${1 - var.slo.availability})", label = "times the allowed failures", id = "burn" }],
      ])
    },
    {
      width = 6, height = 4, view = "singleValue", title = "Responses within ${var.slo.latency_ms} ms, % (objective ${var.slo.latency * 100})"
      metrics = concat(local.latencies, [
        [{ expression = "TIME_SERIES(100 - 100 * SUM(late) / SUM(timed))", label = "in time", id = "share" }],
        [{ expression = "TIME_SERIES(SUM(late) / SUM(timed) / ${1 - var.slo.latency})", label = "times the allowed delays", id = "burn" }],
      ])
    },
    {
      width = 12, height = 4, view = "alarms", title = "Alarms"
      alarms = concat(
        [for key in sort(keys(aws_cloudwatch_composite_alarm.burn)) : aws_cloudwatch_composite_alarm.burn[key].arn],
        [for key in sort(keys(local.causes)) : aws_cloudwatch_metric_alarm.watched[key].arn if var.alarms],
      )
    },
    {
      width = 12, height = 6, view = "timeSeries", title = "Are users fine? Requests and errors"
      metrics = [
        concat(local.gateway_of["Count"], [{ stat = "Sum", label = "requests" }]),
        concat(local.gateway_of["4XXError"], [{ stat = "Sum", label = "4xx" }]),
        concat(local.gateway_of["5XXError"], [{ stat = "Sum", label = "5xx" }]),
        [local.prefix, "Throttled", { stat = "Sum", label = "429" }],
      ]
    },
    {
      width = 12, height = 6, view = "timeSeries", title = "Failed by operation: 5xx, crashes and timeouts"
      metrics = concat(
        [for id in local.operation_ids : [local.prefix, "Faults", "operation", id, { id = "f_${id}", stat = "Sum", visible = false }]],
        [for id in local.operation_ids : concat(["AWS/Lambda", "Errors"], local.runs_of[id], [{ id = "e_${id}", stat = "Sum", visible = false }])],
        [for id in local.operation_ids : [{ expression = "FILL(f_${id}, 0) + FILL(e_${id}, 0)", label = id, id = "s_${id}" }]],
      )
    },
    {
      width   = 12, height = 6, view = "timeSeries", title = "Which version? Requests by operation and version"
      metrics = [[{ expression = "SEARCH('{\"${local.prefix}\",operation,version} MetricName=\"Latency\"', 'SampleCount')", label = "$${PROP('Dim.operation')} $${PROP('Dim.version')}", id = "requests" }]]
    },
    {
      width   = 12, height = 6, view = "timeSeries", title = "Which version? Failed by operation and version"
      metrics = [[{ expression = "SEARCH('{\"${local.prefix}\",operation,version} MetricName=\"Faults\"', 'Sum')", label = "$${PROP('Dim.operation')} $${PROP('Dim.version')}", id = "faults" }]]
    },
    {
      width   = 8, height = 6, view = "timeSeries", title = "What is slow? At the gateway, ms"
      metrics = [for stat in ["p50", "p90", "p99"] : concat(local.gateway_of["Latency"], [{ stat = stat, label = stat }])]
    },
    {
      width   = 8, height = 6, view = "timeSeries", title = "What is slow? In the function, p99 by operation, ms"
      metrics = [for id in local.operation_ids : [local.prefix, "Latency", "operation", id, { stat = "p99", label = id }]]
    },
    {
      width   = 8, height = 6, view = "timeSeries", title = "What is slow? p99 by operation and version, ms"
      metrics = [[{ expression = "SEARCH('{\"${local.prefix}\",operation,version} MetricName=\"Latency\"', 'p99')", label = "$${PROP('Dim.operation')} $${PROP('Dim.version')}", id = "latency" }]]
    },
    {
      width = 8, height = 6, view = "timeSeries", title = "DynamoDB's own latency, mean, ms"
      metrics = [
        for name in ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"] :
        concat(["AWS/DynamoDB", "SuccessfulRequestLatency"], local.table_of, ["Operation", name, { stat = "Average", label = name }])
      ]
    },
    {
      width = 8, height = 6, view = "timeSeries", title = "Cold starts, and how long they take, ms"
      metrics = concat(
        [for id in local.operation_ids : [local.prefix, "ColdStarts", "operation", id, { id = "c_${id}", stat = "Sum", visible = false }]],
        [[{ expression = "SUM([${join(", ", [for id in local.operation_ids : "c_${id}"])}])", label = "cold starts", id = "starts" }]],
        [[local.prefix, "InitDuration", { stat = "p90", label = "start, p90, ms" }]],
      )
    },
    {
      width = 8, height = 6, view = "timeSeries", title = "Throttles, conflicts and replays"
      metrics = concat(
        [for id in local.operation_ids : concat(["AWS/Lambda", "Throttles"], local.runs_of[id], [{ id = "t_${id}", stat = "Sum", visible = false }])],
        [[{ expression = "SUM([${join(", ", [for id in local.operation_ids : "t_${id}"])}])", label = "function throttles", id = "throttles" }]],
        [for metric in ["ReadThrottleEvents", "WriteThrottleEvents"] : concat(["AWS/DynamoDB", metric], local.table_of, [{ stat = "Sum", label = metric }])],
        [concat(["AWS/DynamoDB", "ConditionalCheckFailedRequests"], local.table_of, [{ stat = "Sum", label = "conflicts" }])],
        [[local.prefix, "Replays", "operation", local.key_of["create"], { stat = "Sum", label = "replays" }]],
      )
    },
    {
      width = 12, height = 4, view = "singleValue", title = "What does it cost? Usage in this time range; `crudctl cost` prices a month"
      metrics = concat(
        [concat(local.gateway_of["Count"], [{ id = "all", stat = "Sum", visible = false }])],
        [for id in local.operation_ids : concat(["AWS/Lambda", "Duration"], local.runs_of[id], [{ id = "d_${id}", stat = "Sum", visible = false }])],
        [for metric, id in { ConsumedReadCapacityUnits = "reads", ConsumedWriteCapacityUnits = "writes" } : concat(["AWS/DynamoDB", metric], local.table_of, [{ id = id, stat = "Sum", visible = false }])],
        [
          [{ expression = "TIME_SERIES(SUM(all))", label = "requests", id = "requests" }],
          [{ expression = "TIME_SERIES(SUM(SUM([${join(", ", [for id in local.operation_ids : "d_${id}"])}])) / 1000 * ${var.function_settings.memory_size / 1024})", label = "GB-seconds", id = "compute" }],
          [{ expression = "TIME_SERIES(SUM(reads))", label = "read units", id = "read" }],
          [{ expression = "TIME_SERIES(SUM(writes))", label = "write units", id = "write" }],
        ],
      )
    },
    {
      width = 12, height = 4, view = "timeSeries", title = "What does it cost? Table capacity used"
      metrics = [
        for metric, label in { ConsumedReadCapacityUnits = "read units", ConsumedWriteCapacityUnits = "write units" } :
        concat(["AWS/DynamoDB", metric], local.table_of, [{ stat = "Sum", label = label }])
      ]
    },
  ]

  # Widgets flow from left to right in rows of 24; a row is as high as its widgets.
  starts = [for index, widget in local.widgets : sum(concat([0], [for before in slice(local.widgets, 0, index) : before.width]))]
  rows   = [for index, widget in local.widgets : floor(local.starts[index] / 24)]
  tops   = [for index, widget in local.widgets : 2 + sum(concat([0], [for row in range(local.rows[index]) : local.widgets[index(local.rows, row)].height]))]

  guide = join(" · ", [
    "**${local.prefix}**",
    "[Runbook](${var.runbook}#alarms)",
    "one request: `crudctl trace --env ${var.env} REQUEST_ID`",
    "failures: `crudctl logs --env ${var.env} --status 5xx`",
    "release: `crudctl release status --env ${var.env}`",
  ])
}

resource "aws_cloudwatch_dashboard" "overview" {
  count = var.alarms ? 1 : 0

  dashboard_name = local.prefix

  dashboard_body = jsonencode({
    widgets = concat([{
      type = "text", x = 0, y = 0, width = 24, height = 2, properties = { markdown = local.guide }
      }], [
      for index, widget in local.widgets : {
        type   = widget.view == "alarms" ? "alarm" : "metric"
        x      = local.starts[index] % 24
        y      = local.tops[index]
        width  = widget.width
        height = widget.height
        properties = {
          for name, value in {
            title   = widget.title
            alarms  = try(widget.alarms, null)
            metrics = try(widget.metrics, null)
            view    = widget.view == "alarms" ? null : widget.view
            region  = widget.view == "alarms" ? null : var.region
            period  = widget.view == "alarms" ? null : 60
          } : name => value if value != null
        }
      }
    ])
  })
}
