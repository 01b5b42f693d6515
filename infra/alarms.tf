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
  notified     = coalesce(var.alarm_topic, aws_sns_topic.alarms.arn)
  gateway      = { ApiName = aws_api_gateway_rest_api.api.name, Stage = local.stage }
  sign_in_pool = local.user_pool.id
  # With the app client for passwords programs sign in, except on the local stack.
  people_clients = concat([aws_cognito_user_pool_client.web.id], var.env == "local" ? aws_cognito_user_pool_client.password[*].id : [])

  # An objective allows a share of bad requests. A statistic that is a share already needs one metric: the mean of 5XXError, and the
  # percentile rank of Latency, which is in percent. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
  objectives = {
    availability = { bad = "failed with 5xx", metric = ["AWS/ApiGateway", "5XXError", "Average", local.gateway], count = ["AWS/ApiGateway", "5XXError", "Sum", local.gateway], allowed = 1 - var.slo.availability }
    latency      = { bad = "took longer than ${var.slo.latency_ms} ms", metric = ["AWS/ApiGateway", "Latency", "PR(${var.slo.latency_ms}:)", local.gateway], count = ["AWS/ApiGateway", "Latency", "TC(${var.slo.latency_ms}:)", local.gateway], allowed = 100 * (1 - var.slo.latency) }
  }

  # Most of several windows must exceed the share: one stray request, or those of one client, are in one or two of them at any
  # traffic, and a failure that goes on is in each. A window without requests is a good one. docs/decisions/0012-metrics-and-alarms.md
  burning = merge([
    for objective, of in local.objectives : {
      for pace in ["fast", "slow"] : "${objective}-${pace}" => merge(var.alarm_windows[pace], {
        summary    = "More than ${var.alarm_windows[pace].burn} times the allowed share of requests ${of.bad}, in ${var.alarm_windows[pace].bad} of ${var.alarm_windows[pace].of} periods of ${var.alarm_windows[pace].period} s"
        page       = objective
        metric     = of.metric
        comparison = "GreaterThanThreshold"
        threshold  = var.alarm_windows[pace].burn * of.allowed
      })
    }
  ]...)

  # A share says nothing of how many: with few requests a window has one or none. So this one counts too, over hours, and needs
  # two metrics for it. It ends when the failures have left its window.
  sparse = {
    for objective, of in local.objectives : "${objective}-sparse" => {
      summary    = "At least ${var.alarm_counts.least} requests ${of.bad} in ${var.alarm_windows.sparse.period} s, more than ${var.alarm_windows.sparse.burn} times the allowed share"
      page       = objective
      metric     = null
      comparison = "GreaterThanThreshold"
      period     = var.alarm_windows.sparse.period
      of         = 1
      bad        = 1
      threshold  = var.alarm_windows.sparse.burn * of.allowed
      expression = "IF(bad >= ${var.alarm_counts.least}, share, 0)"
      metrics    = { share = of.metric, bad = of.count }
    } if var.sparse_alarms
  }

  causes = {
    operation-faults = {
      summary   = "Operations crashed, timed out or responded with 5xx"
      page      = "operation-faults"
      metric    = ["AWS/ApiGateway", "5XXError", "Sum", local.gateway]
      threshold = var.alarm_counts.least
    }
    # Of all functions of the account and region, which share its concurrency: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    functions-throttled = {
      summary   = "Lambda had no concurrency left for a function of this account: requests failed with 500"
      page      = "functions-throttled"
      metric    = ["AWS/Lambda", "Throttles", "Sum", {}]
      threshold = var.alarm_counts.unexpected
    }
    api-throttled = {
      summary   = "The gateway rejected requests with 429: a method was called more often than it may be"
      page      = "api-throttled"
      metric    = [local.prefix, "Throttled", "Sum", {}]
      threshold = var.alarm_counts.throttled
    }
    table-throttled = {
      summary   = "DynamoDB throttled the table or its index"
      page      = "table-throttled"
      metric    = [local.prefix, "TableThrottled", "Sum", {}]
      threshold = var.alarm_counts.table
    }
    table-errors = {
      summary   = "DynamoDB had internal errors"
      page      = "table-errors"
      metric    = [local.prefix, "TableErrors", "Sum", {}]
      threshold = var.alarm_counts.table
    }
  }

  # FILL turns a period without data into zero.
  sign_ins = {
    sign-in-failures = {
      summary    = "Most sign-ins fail"
      page       = "sign-in-failures"
      metric     = null
      comparison = "GreaterThanOrEqualToThreshold"
      period     = var.alarm_windows.cause
      of         = 1
      bad        = 1
      threshold  = 0.5
      expression = "IF(${local.tried} - (${local.succeeded}) >= ${var.alarm_counts.sign_ins}, 1 - (${local.succeeded}) / (${local.tried}), 0)"
      metrics = merge([
        for number, client in local.people_clients : {
          for id, stat in { "tried${number}" = "SampleCount", "succeeded${number}" = "Sum" } :
          id => ["AWS/Cognito", "SignInSuccesses", stat, { UserPool = local.sign_in_pool, UserPoolClient = client }]
        }
      ]...)
    }
  }
  tried     = join(" + ", [for number, _ in local.people_clients : "FILL(tried${number}, 0)"])
  succeeded = join(" + ", [for number, _ in local.people_clients : "FILL(succeeded${number}, 0)"])

  on_expressions = merge(local.sparse, local.sign_ins)
  alarms = merge(local.burning, local.on_expressions, {
    for name, cause in local.causes : name => merge({
      comparison = "GreaterThanOrEqualToThreshold"
      period     = var.alarm_windows.cause
      of         = 1
      bad        = 1
    }, cause)
  })
}

resource "aws_cloudwatch_metric_alarm" "watched" {
  for_each = { for key, alarm in local.alarms : key => alarm if var.alarms }

  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = "${each.value.summary}. Runbook: ${var.runbook}#${each.value.page}"
  namespace           = try(each.value.metric[0], null)
  metric_name         = try(each.value.metric[1], null)
  statistic           = try(strcontains(each.value.metric[2], "(") ? null : each.value.metric[2], null)
  extended_statistic  = try(strcontains(each.value.metric[2], "(") ? each.value.metric[2] : null, null)
  dimensions          = try(each.value.metric[3], null)
  period              = each.value.metric == null ? null : each.value.period
  evaluation_periods  = each.value.of
  datapoints_to_alarm = each.value.bad
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.notified]
  ok_actions          = [local.notified]

  dynamic "metric_query" {
    for_each = each.value.metric == null ? [local.on_expressions[each.key].expression] : []

    content {
      id          = "alarmValue"
      label       = each.value.summary
      expression  = metric_query.value
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = each.value.metric == null ? local.on_expressions[each.key].metrics : {}

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

  depends_on = [aws_cloudwatch_composite_alarm.burn]
}

# None. Until version 1.4, composite alarms had the names of some of those above, which therefore wait until they are deleted.
resource "aws_cloudwatch_composite_alarm" "burn" {
  for_each = toset([])

  alarm_name = each.key
  alarm_rule = "FALSE"
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
