# Who is notified, and of what. The four burn-rate alarms show that users are not served as promised; the others show why, or
# what will fail next. docs/runbook.md has a page for each, which the alarm's description names.

resource "aws_sns_topic" "alarms" {
  name = "${local.prefix}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alarms"
      Effect    = "Allow"
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

locals {
  notified       = coalesce(var.alarm_topic, aws_sns_topic.alarms.arn)
  gateway        = { ApiName = aws_api_gateway_rest_api.api.name, Stage = local.stage }
  in_service     = { for key, name in local.function_names : key => { FunctionName = name, Resource = "${name}:prod" } }
  table          = { TableName = aws_dynamodb_table.data.name }
  index          = merge(local.table, { GlobalSecondaryIndexName = "by_owner" })
  sign_in_pool   = local.user_pool.id
  people_clients = concat([aws_cognito_user_pool_client.web.id], aws_cognito_user_pool_client.password[*].id)

  # An objective limits the share of bad requests, once there are enough of them. Missing data means no requests at all.
  objectives = {
    availability = {
      summary = "5xx responses"
      page    = "availability"
      allowed = 1 - var.slo.availability
      metrics = {
        bad = ["AWS/ApiGateway", "5XXError", "Sum", local.gateway]
        all = ["AWS/ApiGateway", "Count", "Sum", local.gateway]
      }
      share = "bad / all"
      bad   = "bad"
    }
    latency = {
      summary = "responses slower than ${var.slo.latency_ms} ms"
      page    = "latency"
      allowed = 1 - var.slo.latency
      metrics = {
        rank = ["AWS/ApiGateway", "Latency", "PR(${var.slo.latency_ms}:)", local.gateway]
        all  = ["AWS/ApiGateway", "Latency", "SampleCount", local.gateway]
      }
      share = "rank / 100"
      bad   = "rank * all / 100"
    }
  }

  # Two windows, both of which must exceed the threshold: the long one shows that the problem matters, the short one that it
  # continues. Only the long one needs enough bad requests, so that the alarm also fires for an outage at low traffic. A short
  # window without requests keeps its last state: silence does not mean recovery.
  windows = merge([
    for objective, of in local.objectives : merge([
      for pace in ["fast", "slow"] : {
        for length in ["long", "short"] : "${objective}-${pace}-${length}" => {
          summary    = "The ${length} window of ${objective}-${pace}; it notifies nobody by itself"
          page       = of.page
          metrics    = of.metrics
          expression = "IF(${of.bad} >= ${length == "long" ? var.alarm_counts.least : 1}, ${of.share}, 0)"
          comparison = "GreaterThanThreshold"
          threshold  = var.alarm_windows[pace].burn * of.allowed
          period     = var.alarm_windows[pace][length]
          periods    = 1
          missing    = length == "long" ? "notBreaching" : "ignore"
          notifies   = false
        }
      }
    ]...)
  ]...)

  # FILL turns a period without data into zero: alarms on DynamoDB's metrics ignore missing data whatever treat_missing_data is.
  causes = merge(
    {
      for key, dimensions in local.in_service : "${key}-faults" => {
        summary    = "${key} crashed, timed out or responded with 5xx"
        page       = "operation-faults"
        metrics    = { crashes = ["AWS/Lambda", "Errors", "Sum", dimensions], faults = [local.prefix, "Faults", "Sum", { operation = key }] }
        expression = "FILL(crashes, 0) + FILL(faults, 0)"
        threshold  = var.alarm_counts.least
      }
    },
    # An alarm on an expression can have ten metrics.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
    {
      for number, keys in chunklist(keys(local.in_service), 10) : number == 0 ? "functions-throttled" : "functions-throttled-${number + 1}" => {
        summary    = "Lambda had no concurrency left for a function: requests failed with 500"
        page       = "functions-throttled"
        metrics    = { for key in keys : key => ["AWS/Lambda", "Throttles", "Sum", local.in_service[key]] }
        expression = join(" + ", [for key in keys : "FILL(${key}, 0)"])
        threshold  = var.alarm_counts.unexpected
      }
    },
    {
      api-throttled = {
        summary    = "The gateway rejected requests with 429: a method was called more often than it may be"
        page       = "api-throttled"
        metrics    = { refused = [local.prefix, "Throttled", "Sum", {}] }
        expression = "FILL(refused, 0)"
        threshold  = var.alarm_counts.throttled
      }
      table-throttled = {
        summary = "DynamoDB throttled the table or its index"
        page    = "table-throttled"
        metrics = {
          reads        = ["AWS/DynamoDB", "ReadThrottleEvents", "Sum", local.table]
          writes       = ["AWS/DynamoDB", "WriteThrottleEvents", "Sum", local.table]
          index_reads  = ["AWS/DynamoDB", "ReadThrottleEvents", "Sum", local.index]
          index_writes = ["AWS/DynamoDB", "WriteThrottleEvents", "Sum", local.index]
        }
        expression = "FILL(reads, 0) + FILL(writes, 0) + FILL(index_reads, 0) + FILL(index_writes, 0)"
        threshold  = var.alarm_counts.table
      }
      table-errors = {
        summary    = "DynamoDB had internal errors"
        page       = "table-errors"
        metrics    = { for name in ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"] : lower(name) => ["AWS/DynamoDB", "SystemErrors", "Sum", merge(local.table, { Operation = name })] }
        expression = "FILL(getitem, 0) + FILL(putitem, 0) + FILL(updateitem, 0) + FILL(deleteitem, 0) + FILL(query, 0)"
        threshold  = var.alarm_counts.table
      }
      sign-in-failures = {
        summary = "Most sign-ins fail"
        page    = "sign-in-failures"
        metrics = merge([
          for number, client in local.people_clients : {
            "tried${number}"     = ["AWS/Cognito", "SignInSuccesses", "SampleCount", { UserPool = local.sign_in_pool, UserPoolClient = client }]
            "succeeded${number}" = ["AWS/Cognito", "SignInSuccesses", "Sum", { UserPool = local.sign_in_pool, UserPoolClient = client }]
          }
        ]...)
        expression = "IF(${local.tried} - (${local.succeeded}) >= ${var.alarm_counts.sign_ins}, 1 - (${local.succeeded}) / (${local.tried}), 0)"
        threshold  = 0.5
      }
    }
  )
  tried     = join(" + ", [for number, _ in local.people_clients : "FILL(tried${number}, 0)"])
  succeeded = join(" + ", [for number, _ in local.people_clients : "FILL(succeeded${number}, 0)"])

  alarms = merge(local.windows, {
    for name, cause in local.causes : name => merge({
      comparison = "GreaterThanOrEqualToThreshold"
      period     = var.alarm_windows.cause
      periods    = 1
      missing    = "notBreaching"
      notifies   = true
    }, cause)
  })
}

resource "aws_cloudwatch_metric_alarm" "watched" {
  for_each = { for key, alarm in local.alarms : key => alarm if var.alarms }

  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = "${each.value.summary}. Runbook: ${var.runbook}#${each.value.page}"
  evaluation_periods  = each.value.periods
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = each.value.missing
  alarm_actions       = each.value.notifies ? [local.notified] : []
  ok_actions          = each.value.notifies ? [local.notified] : []

  metric_query {
    id          = "alarmValue" # no operation's id, which have no capital letters and are those of metrics
    label       = each.value.summary
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value[0]
        metric_name = metric_query.value[1]
        stat        = metric_query.value[2]
        dimensions  = metric_query.value[3]
        period      = each.value.period
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "burn" {
  for_each = merge([
    for objective, of in local.objectives : {
      for pace in ["fast", "slow"] : "${objective}-${pace}" => merge(of, var.alarm_windows[pace]) if var.alarms
    }
  ]...)

  alarm_name        = "${local.prefix}-${each.key}"
  alarm_description = "The monthly budget of ${each.value.summary} is being spent ${each.value.burn} times too fast. Runbook: ${var.runbook}#${each.value.page}"
  alarm_rule        = join(" AND ", [for length in ["long", "short"] : "ALARM(\"${aws_cloudwatch_metric_alarm.watched["${each.key}-${length}"].alarm_name}\")"])
  alarm_actions     = [local.notified]
  ok_actions        = [local.notified]
}

resource "aws_budgets_budget" "account" {
  count = var.monthly_budget_usd == null ? 0 : 1

  name         = "${local.prefix}-account"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type         = notification.key
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [local.notified]
    }
  }

  depends_on = [aws_sns_topic_policy.alarms]
}
