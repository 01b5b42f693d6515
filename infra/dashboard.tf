# One screen: are users fine, which version, what is slow, what does it cost? `crudctl dashboard` renders the same body. With at most 50
# metrics a dashboard is free; a search counts as two, for the versions of a release: crudctl.operate.dashboard.metrics.

locals {
  gateway_of = { for metric in ["Count", "4XXError", "5XXError", "Latency"] : metric => ["AWS/ApiGateway", metric, "ApiName", local.gateway.ApiName, "Stage", local.gateway.Stage] }
  table_of   = ["TableName", aws_dynamodb_table.data.name]
  runs_of    = { for key, name in local.function_names : key => ["FunctionName", name, "Resource", "${name}:prod"] }

  widgets = [
    {
      # One number for the whole time range: TIME_SERIES of the SUM of a series.
      width = 6, height = 4, view = "singleValue", title = "Requests without a 5xx, % (objective ${var.slo.availability * 100})"
      metrics = [
        concat(local.gateway_of["Count"], [{ id = "all", stat = "Sum", visible = false }]),
        concat(local.gateway_of["5XXError"], [{ id = "bad", stat = "Sum", visible = false }]),
        [{ expression = "TIME_SERIES(100 - 100 * SUM(bad) / SUM(all))", label = "without 5xx", id = "share" }],
        [{ expression = "TIME_SERIES(SUM(bad) / SUM(all) / ${1 - var.slo.availability})", label = "times the allowed failures", id = "burn" }],
      ]
    },
    {
      width = 6, height = 4, view = "singleValue", title = "Responses within ${var.slo.latency_ms} ms, % (objective ${var.slo.latency * 100})"
      metrics = [
        concat(local.gateway_of["Latency"], [{ id = "timed", stat = "SampleCount", visible = false }]),
        concat(local.gateway_of["Latency"], [{ id = "late", stat = "TC(${var.slo.latency_ms}:)", visible = false }]),
        [{ expression = "TIME_SERIES(100 - 100 * SUM(late) / SUM(timed))", label = "in time", id = "share" }],
        [{ expression = "TIME_SERIES(SUM(late) / SUM(timed) / ${1 - var.slo.latency})", label = "times the allowed delays", id = "burn" }],
      ]
    },
    {
      width  = 12, height = 4, view = "alarms", title = "Alarms"
      alarms = [for key in sort(keys(aws_cloudwatch_metric_alarm.watched)) : aws_cloudwatch_metric_alarm.watched[key].arn]
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
      width   = 12, height = 6, view = "timeSeries", title = "Which operation? Crashes and timeouts"
      metrics = [for key, runs in local.runs_of : concat(["AWS/Lambda", "Errors"], runs, [{ stat = "Sum", label = key }])]
    },
    {
      width = 12, height = 6, view = "timeSeries", title = "Which version? 5xx by operation and version"
      metrics = [
        for key in sort(distinct([for operation in local.operations : operation.function])) :
        [{ expression = "SEARCH('{\"${local.prefix}\",operation,version} MetricName=\"Faults\" operation=\"${key}\"', 'Sum')", label = "${key} $${PROP('Dim.version')}", id = "faults_${key}" }]
      ]
    },
    {
      width = 12, height = 6, view = "timeSeries", title = "Which version? Requests by function and version"
      metrics = [
        for key, name in local.function_names :
        [{ expression = "SEARCH('{AWS/Lambda,FunctionName,Resource,ExecutedVersion} MetricName=\"Invocations\" FunctionName=\"${name}\" Resource=\"${name}:prod\"', 'Sum')", label = "${key} $${PROP('Dim.ExecutedVersion')}", id = "requests_${key}" }]
      ]
    },
    {
      width   = 8, height = 6, view = "timeSeries", title = "What is slow? At the gateway, ms"
      metrics = [for stat in ["p50", "p99"] : concat(local.gateway_of["Latency"], [{ stat = stat, label = stat }])]
    },
    {
      width   = 8, height = 6, view = "timeSeries", title = "What is slow? In the function, p99, ms"
      metrics = [for key, runs in local.runs_of : concat(["AWS/Lambda", "Duration"], runs, [{ stat = "p99", label = key }])]
    },
    {
      width   = 8, height = 6, view = "timeSeries", title = "DynamoDB's own latency, mean, ms"
      metrics = [for name in ["GetItem", "PutItem"] : concat(["AWS/DynamoDB", "SuccessfulRequestLatency"], local.table_of, ["Operation", name, { stat = "Average", label = name }])]
    },
    {
      width   = 8, height = 6, view = "timeSeries", title = "Cold starts, and how long they take, ms"
      metrics = [for stat, label in { SampleCount = "cold starts", p90 = "start, p90, ms" } : [local.prefix, "InitDuration", { stat = stat, label = label }]]
    },
    {
      width = 8, height = 6, view = "timeSeries", title = "Throttles, errors of DynamoDB and conflicts"
      metrics = [
        ["AWS/Lambda", "Throttles", { stat = "Sum", label = "functions of the account throttled" }],
        [local.prefix, "TableThrottled", { stat = "Sum", label = "table throttled" }],
        [local.prefix, "TableErrors", { stat = "Sum", label = "table errors" }],
        concat(["AWS/DynamoDB", "ConditionalCheckFailedRequests"], local.table_of, [{ stat = "Sum", label = "conflicts" }]),
      ]
    },
    {
      width = 8, height = 6, view = "timeSeries", title = "What does it cost? Table capacity used; `crudctl cost` prices a month"
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

  # The lines that releases have added. The planned value of an ignored attribute is what is in the table.
  lines = try(jsondecode(jsondecode(one(aws_dynamodb_table_item.dashboard[*].item)).annotations.S), [])

  guide = join(" · ", [
    "**${local.prefix}**",
    "[Runbook](${var.runbook}#alarms)",
    "one request: `crudctl trace --env ${var.env} REQUEST_ID`",
    "failures: `crudctl logs --env ${var.env} --status 5xx`",
    "release: `crudctl release status --env ${var.env}`",
  ])
}

# The vertical lines of releases, which releasers write here and into the dashboard (src/crudctl/release/dashboard_lines.py). So
# Terraform makes the dashboard that exists, and removes no line.
resource "aws_dynamodb_table_item" "dashboard" {
  count = var.alarms ? 1 : 0

  table_name = aws_dynamodb_table.releases.name
  hash_key   = aws_dynamodb_table.releases.hash_key
  range_key  = aws_dynamodb_table.releases.range_key
  item       = jsonencode({ kind = { S = "dashboard" }, id = { S = "annotations" }, annotations = { S = "[]" } })

  lifecycle {
    ignore_changes = [item]
  }
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

            annotations = widget.view == "timeSeries" && length(local.lines) > 0 ? { vertical = local.lines } : null
          } : name => value if value != null
        }
      }
    ])
  })
}
