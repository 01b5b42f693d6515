# `name` and `region` are in terraform.tfvars.json, where crudctl reads them too; infra/envs may override either.

variable "name" {
  description = "Name of the service; the names of all resources begin with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "Use 3 to 20 lower-case letters, digits and hyphens, a letter first."
  }
  validation {
    # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
    condition     = !can(regex("aws|amazon|cognito", var.name))
    error_message = "The sign-in page's domain begins with the name, and Cognito allows no aws, amazon or cognito in it. Choose another name."
  }
  validation {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    condition     = !can(regex("^(xn--|sthree-|amzn-s3-demo-)", var.name))
    error_message = "The names of buckets begin with the name, and Amazon S3 allows no xn--, sthree- or amzn-s3-demo- there. Choose another name."
  }
  validation {
    # The deploy role of `orders` may change roles that begin with orders-test-, and is itself orders-ci-test-deploy.
    condition     = !can(regex("-(local|test|prod|pr)(-|$)|-ci$", var.name))
    error_message = "The name must not contain -local, -test, -prod or -pr nor end with -ci: the stack of another service could begin in the same way, and its deploys could change this one."
  }
  validation {
    # IAM's and Lambda's limit. The longest name is that of a function's data role.
    condition     = alltrue([for key in try(keys(local.service.functions), []) : length("${var.name}-${var.env}-${key}-data") <= 64])
    error_message = "With this name, ${join(", ", [for key in try(keys(local.service.functions), []) : "${var.name}-${var.env}-${key}-data" if length("${var.name}-${var.env}-${key}-data") > 64])} would be longer than the 64 characters that IAM allows. Shorten the name, or the operationId in the contract."
  }
}

variable "env" {
  description = "Environment: \"local\" is the emulator on this machine; every other name is AWS. With a number it is one of a family, such as pr-42, which shares what `crudctl bootstrap` made for `pr`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}(-[0-9]{1,6})?$", var.env))
    error_message = "Use a word of 2 to 12 lower-case letters and digits, a letter first, with or without a number: test, pr-42."
  }
  validation {
    # The workflows' roles are called orders-ci-test-deploy, and each environment's deploys may change the roles that begin as it does.
    condition     = !can(regex("^(ci|local-[0-9]+|ci-[0-9]+)$|aws|amazon|cognito", var.env))
    error_message = "ci is the name of the workflows' roles, local that of one stack alone, and Cognito allows no aws, amazon or cognito in the sign-in page's domain, which contains the environment. Choose another name."
  }
}

variable "region" {
  description = "AWS region of everything except CloudFront."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Use a region's name, such as eu-west-2."
  }
  validation {
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    condition     = !can(regex("^(cn-|us-gov-|us-iso|eu-isoe-|eusc-)", var.region))
    error_message = "Use a region of AWS's standard partition: China, GovCloud, the isolated regions and the European sovereign cloud have other ARNs, endpoints and root certificates."
  }
}

variable "package" {
  description = "The functions' zip, built by `crudctl package`."
  type        = string
  default     = "../build/functions.zip"

  validation {
    condition     = fileexists(var.package)
    error_message = "The file does not exist: run `crudctl package` first."
  }
}

variable "rollback_package" {
  description = "The zip of the function `rollback`, built by `crudctl package`."
  type        = string
  default     = "../build/rollback.zip"

  validation {
    condition     = fileexists(var.rollback_package)
    error_message = "The file does not exist: run `crudctl package` first."
  }
}

variable "contract" {
  description = "The contract in the form that API Gateway accepts, built by `crudctl package`."
  type        = string
  default     = "../build/openapi.json"

  validation {
    condition     = fileexists(var.contract)
    error_message = "The file does not exist: run `crudctl package` first."
  }
}

variable "service" {
  description = "What the contract says about names: its resource, operations and functions. Built by `crudctl package`."
  type        = string
  default     = "../build/service.json"

  validation {
    condition     = fileexists(var.service)
    error_message = "The file does not exist: run `crudctl package` first."
  }
  validation {
    condition     = try(jsondecode(file(var.service)).collection, "") != "releases"
    error_message = "The contract's collection must not be /releases: the table of releases has that name. Choose another path."
  }
  validation {
    condition     = !contains(try(keys(jsondecode(file(var.service)).functions), []), "rollback")
    error_message = "The contract's operations must not include rollback: the function that rolls releases back has that name. Choose another operationId."
  }
}

variable "ownership" {
  description = "\"user\": every caller has data of its own. \"shared\": all callers share the same data, which is one partition of the index: about 1,000 writes of 1 KB a second. A `throttling.rate` that lets more through is refused."
  type        = string
  default     = "user"

  validation {
    condition     = contains(["user", "shared"], var.ownership)
    error_message = "Use user or shared."
  }
  validation {
    condition     = var.ownership != "shared" || try(local.index_units * var.throttling.rate <= local.partition_units, true)
    error_message = "With ownership = \"shared\" all writes go to one partition of the index, which takes ${local.partition_units} units a second. With throttling.rate = ${var.throttling.rate}, for each method, the API lets ${local.index_units * var.throttling.rate} through. Lower the rate to ${floor(local.partition_units / local.index_units)} or less, or use ownership = \"user\"."
  }
}

variable "trash_days" {
  description = "Days for which what was deleted can be restored. 0: it cannot be, and only a memory without content remains for 30 days, so that its id is not used again. Null: deleted at once and without a memory, only for the release that brings the first version which knows the trash: an older version would show and overwrite what is in it."
  type        = number
  default     = 30

  validation {
    condition     = var.trash_days == null || try(var.trash_days >= 0 && var.trash_days <= 3650 && floor(var.trash_days) == var.trash_days, false)
    error_message = "Use a whole number of days from 0 to 3,650, or null."
  }
}

variable "gateway_scopes" {
  description = "Whose scopes let a token reach a function: \"any\" of the API's, and the functions respond with 403 to a token without the operation's own; \"own\", the operation's only, and the gateway responds with 401. \"own\" is for the release that brings the first version whose functions check scopes: an older version would let a token that may only read write."
  type        = string
  default     = "any"

  validation {
    condition     = contains(["any", "own"], var.gateway_scopes)
    error_message = "Use any or own."
  }
}

variable "require_if_match" {
  description = "Refuse changes and deletes without If-Match, with 428, so that no client overwrites a change it has not seen."
  type        = bool
  default     = false
}

variable "abac" {
  description = "Let IAM enforce ownership too: the functions reach the table only through a role whose session is tagged with the owner. Roles serve all versions: after a change of this variable, requests fail until the new version takes all traffic."
  type        = bool
  default     = false
}

variable "password_client" {
  description = "Create an app client that signs in directly with user name and password, for tests. Never in prod."
  type        = bool
  default     = false

  validation {
    condition     = !(var.password_client && local.production)
    error_message = "prod has no password client: it would bypass the hosted sign-in page."
  }
}

variable "threat_protection" {
  description = "Cognito threat protection. Any value except OFF requires the Plus plan, which costs more."
  type        = string
  default     = "OFF"

  validation {
    condition     = contains(["OFF", "AUDIT", "ENFORCED"], var.threat_protection)
    error_message = "Use OFF, AUDIT or ENFORCED."
  }
}

variable "sign_in_prefix" {
  description = "First label of the sign-in page's domain, unique in the region. Null: name, environment and account id."
  type        = string
  default     = null

  validation {
    condition = var.sign_in_prefix == null || (
      can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.sign_in_prefix)) &&
      !can(regex("aws|amazon|cognito", var.sign_in_prefix))
    )
    error_message = "Use at most 63 lower-case letters, digits and inner hyphens, without aws, amazon or cognito."
  }
}

variable "user_pool_id" {
  description = "Id of another stack's user pool in the same account and region, whose users this stack serves too. Null: a pool of its own."
  type        = string
  default     = null

  validation {
    condition     = var.user_pool_id == null || can(regex("^${var.region}_[A-Za-z0-9]+$", var.user_pool_id))
    error_message = "Use the id of a user pool in ${var.region}: its output user_pool_id."
  }
  validation {
    condition = var.user_pool_id == null || alltrue([
      var.mail == null, var.mfa == "optional", var.sign_in_rate_limit == null, var.sign_in_prefix == null, var.sign_in_domain == null, var.threat_protection == "OFF",
    ])
    error_message = "The users are another stack's, which sets mail, mfa, sign_in_rate_limit, sign_in_prefix, sign_in_domain and threat_protection: remove them here."
  }
}

variable "web_origins" {
  description = "Origins that serve the web app in addition to the CDN. Without a CDN, the first one is `web_url`."
  type        = list(string)
  default     = []

  validation {
    # Cognito accepts plain http only for the local machine.
    condition     = alltrue([for o in var.web_origins : can(regex("^(https://[a-z0-9.-]+(:[0-9]+)?|http://(localhost|127\\.0\\.0\\.1):[0-9]+)$", o))])
    error_message = "Use origins without a trailing slash: https://HOST, http://localhost:PORT or http://127.0.0.1:PORT."
  }
}

variable "cdn" {
  description = "Serve the web app from S3 through CloudFront."
  type        = bool
  default     = true
}

variable "waf" {
  description = "Put a web ACL in front of the API: a rate limit for each address and AWS's managed rules. Price: USD 8 a month (the ACL 5, each of its three rules 1) and 0.60 for each million requests; one for test costs as much as one for prod."
  type        = bool
  default     = false
}

variable "waf_rate_limit" {
  description = "Requests that one address may send in five minutes before the web ACL blocks it."
  type        = number
  default     = 3000

  validation {
    condition     = var.waf_rate_limit >= 10 && var.waf_rate_limit <= 2000000000
    error_message = "Use 10 to 2,000,000,000, the range of AWS WAF."
  }
}

variable "throttling" {
  description = "Requests per second that each method of each path accepts, and the burst above that rate: the API as a whole accepts as much for each of its methods. `without_token` is for OPTIONS and for methods that a path does not have, which need no token and are billed."
  type = object({
    rate          = number
    burst         = number
    without_token = optional(object({ rate = number, burst = number }), { rate = 20, burst = 40 })
  })
  default = { rate = 100, burst = 200 }

  validation {
    condition = alltrue([
      for limit in [{ rate = var.throttling.rate, burst = var.throttling.burst }, var.throttling.without_token] :
      limit.rate > 0 && limit.burst > 0 && floor(limit.burst) == limit.burst
    ])
    error_message = "rate and burst must be greater than zero, and burst a whole number."
  }
}

variable "function_settings" {
  description = "Settings of every function: memory in MB, timeout in seconds, reserved concurrency (-1 for none), SnapStart."
  type = object({
    memory_size          = optional(number, 512)
    timeout              = optional(number, 10)
    reserved_concurrency = optional(number, -1)
    snap_start           = optional(bool, false)
  })
  default = {}

  validation {
    condition     = var.function_settings.memory_size >= 128 && var.function_settings.memory_size <= 10240
    error_message = "memory_size must be 128 to 10,240 MB."
  }
  validation {
    condition     = var.function_settings.timeout >= 3 && var.function_settings.timeout <= 29
    error_message = "timeout must be 3 to 29 seconds: API Gateway waits no longer."
  }
  validation {
    condition     = var.function_settings.reserved_concurrency >= -1
    error_message = "reserved_concurrency must be -1 (none) or more."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Use a period that CloudWatch Logs offers, such as 7, 30, 90 or 365."
  }
}

variable "trace_share" {
  description = "Share of the API's requests that AWS X-Ray traces, 0 to 1. 100,000 traces a month are free in each account, then USD 5 a million: the default traces 50,000 of a million requests. Null leaves it to the account's own rules; there can be 25 in each region, so previews have none."
  type        = number
  default     = 0.05

  validation {
    condition     = var.trace_share == null || try(var.trace_share >= 0 && var.trace_share <= 1, false)
    error_message = "Use a share from 0 to 1, such as 0.05, or null."
  }
}

variable "gateway_logging_role" {
  description = "Set the role with which API Gateway writes logs. There is one for each account and region, which exactly one stack may own; without it no stage can be created."
  type        = bool
  default     = false
}

variable "alarms" {
  description = "Create the alarms and the dashboard: fifteen metrics of alarms at USD 0.10 a month, eleven without `sparse_alarms`, and 3 for the dashboard. Ten of them and three dashboards are free in each account, and previews would use that up, so a preview has none. Never without them in prod."
  type        = bool
  default     = true

  validation {
    condition     = var.alarms || !local.production
    error_message = "prod has alarms: otherwise users find out first, and no release is rolled back while nobody watches."
  }
}

variable "alarm_emails" {
  description = "E-mail addresses that receive alarms, once each has confirmed the subscription."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for a in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", a))])
    error_message = "Use e-mail addresses."
  }
  validation {
    condition     = !local.production || var.alarm_topic != null || length(var.alarm_emails) > 0
    error_message = "In prod somebody must be notified: otherwise users find out first. Set alarm_emails, or alarm_topic to a topic of the team's, in infra/envs/prod.tfvars."
  }
  validation {
    condition     = var.alarm_topic == null || length(var.alarm_emails) == 0
    error_message = "Alarms notify alarm_topic instead of the stack's own topic, to which alarm_emails subscribe: these addresses would receive nothing. Set one of the two."
  }
}

variable "alarm_topic" {
  description = "ARN of an SNS topic of the team's that alarms notify instead of the stack's own. Its policy must let cloudwatch.amazonaws.com and budgets.amazonaws.com publish to it."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic == null || can(regex("^arn:aws:sns:${var.region}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.alarm_topic))
    error_message = "Use the ARN of a standard topic in ${var.region}: alarms notify topics of their own region only."
  }
}

variable "release_webhook" {
  description = "Where a release posts that it was promoted, was rolled back or waits, as JSON with the key `text`, which Slack and others accept: an address that begins with https://, or, if the address is a secret, the name of a parameter of AWS Systems Manager that has it, such as /NAME/prod/webhook. Null: nowhere; the topic of the alarms is notified in any case."
  type        = string
  default     = null

  validation {
    condition = var.release_webhook == null || can(regex("^https://[^/?#@[:space:]]+[^[:space:]]*$", var.release_webhook)) || (
      var.env == "local" && can(regex("^http://(127\\.0\\.0\\.1|localhost):[0-9]+(/[^[:space:]]*)?$", var.release_webhook))
      ) || (
      startswith(coalesce(var.release_webhook, "none"), "/${var.name}/${local.family}/") && can(regex("^/[A-Za-z0-9_./-]+$", var.release_webhook))
    )
    error_message = "Use an address that begins with https://, or the name of a parameter that begins with /${var.name}/${local.family}/, which is all that the roles of this environment may read."
  }
}

variable "slo" {
  description = "Objectives over 30 days: the share of requests without a 5xx response, and the share with a response from the gateway within latency_ms."
  type = object({
    availability = optional(number, 0.999) # 43 minutes a month; AWS promises 0.9995 for API Gateway and for Lambda
    latency      = optional(number, 0.99)  # cold starts are in the remaining 1 %
    latency_ms   = optional(number, 1000)  # from here on people notice that they wait
  })
  default = {}

  validation {
    condition     = alltrue([for share in [var.slo.availability, var.slo.latency] : share >= 0.9 && share < 1])
    error_message = "availability and latency must be at least 0.9 and below 1: with 1 there is no error budget to alarm on."
  }
  validation {
    condition     = var.slo.latency_ms >= 1 && var.slo.latency_ms <= 29000
    error_message = "latency_ms must be 1 to 29,000: API Gateway times out after that."
  }
}

variable "alarm_windows" {
  description = "Seconds that alarms look back. A burn-rate alarm is in ALARM while more than `burn` times the allowed share fails in `bad` of the last `of` periods, or in the one period of `sparse`; `cause` is the window of the other alarms, `release` a third of how long a release may take."
  type = object({
    # The rates are those of Google's SRE workbook, chapter 5: with 14.4 a month's error budget lasts two days, with 6 five days.
    fast    = optional(object({ period = number, of = number, bad = number, burn = number }), { period = 60, of = 10, bad = 6, burn = 14.4 })
    slow    = optional(object({ period = number, of = number, bad = number, burn = number }), { period = 600, of = 6, bad = 5, burn = 6 })
    sparse  = optional(object({ period = number, burn = number }), { period = 21600, burn = 6 })
    cause   = optional(number, 300)
    release = optional(number, 3600)
  })
  default = {}

  validation {
    condition = alltrue([
      for seconds in [var.alarm_windows.fast.period, var.alarm_windows.slow.period, var.alarm_windows.sparse.period, var.alarm_windows.cause, var.alarm_windows.release] :
      contains([10, 20, 30], seconds) || (seconds > 0 && seconds % 60 == 0 && seconds <= 86400)
    ])
    error_message = "Use periods that CloudWatch supports: 10, 20 or 30 seconds, or whole minutes up to a day."
  }
  validation {
    # FILL makes the newest minutes zero until their data points arrive, and there are none of less than a minute.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    condition     = var.env == "local" || (alltrue([for seconds in [var.alarm_windows.sparse.period, var.alarm_windows.cause, var.alarm_windows.release] : seconds >= 300]) && alltrue([for window in [var.alarm_windows.fast, var.alarm_windows.slow] : window.period >= 60]))
    error_message = "Use at least 300 seconds for sparse, cause and release, and periods of at least 60: data points arrive a minute or two late, and AWS sends none for less than a minute."
  }
  validation {
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    condition = alltrue([
      for window in [var.alarm_windows.fast, var.alarm_windows.slow] :
      window.period * window.of <= (window.period < 3600 ? 86400 : 604800) && window.bad >= 1 && window.bad <= window.of && window.bad % 1 == 0 && window.of % 1 == 0
    ])
    error_message = "bad must be 1 to of, both whole numbers, and all periods together at most a day, or a week with periods of an hour and more."
  }
  validation {
    condition = alltrue([
      for window in concat([var.alarm_windows.fast, var.alarm_windows.slow], [{ burn = var.alarm_windows.sparse.burn }]) :
      window.burn > 1 && window.burn * (1 - var.slo.availability) < 1 && window.burn * (1 - var.slo.latency) < 1
    ])
    error_message = "burn must be above 1, and burn times the allowed share below 1: more than all requests cannot fail."
  }
}

variable "sparse_alarms" {
  description = "Two more alarms, which find a failure with few requests: fewer than one every ten minutes, or an operation that is rarely called. They have four metrics, USD 0.40 a month, which test saves."
  type        = bool
  default     = true
}

variable "alarm_counts" {
  description = "How many events in a window make an alarm fire."
  type = object({
    least      = optional(number, 5)  # 5xx responses of all operations: one stray error, even with a client's few retries, notifies nobody. With 2 million requests a month and more, five are within the promise: raise it
    throttled  = optional(number, 50) # 429 responses: a client that ignores Retry-After gets a few; this many means that users are at the limit
    unexpected = optional(number, 1)  # events that do not occur in healthy operation: throttled functions
    table      = optional(number, 10) # throttles or errors of DynamoDB, which the functions retry
    sign_ins   = optional(number, 20) # failed sign-ins, and more than half of all: some people mistype, or somebody guesses their password
  })
  default = {}

  validation {
    condition     = alltrue([for count in values(var.alarm_counts) : count >= 1])
    error_message = "Every count must be at least 1: with 0 the alarm would always be in ALARM."
  }
}

variable "runbook" {
  description = "Address of docs/runbook.md; every alarm description ends with it and the page's anchor. In prod it must be a URL, because alarms are read where there is no checkout."
  type        = string
  default     = "docs/runbook.md"

  validation {
    condition     = !local.production || can(regex("^https://[^ #]+$", var.runbook))
    error_message = "In prod alarms link to the page on the web: whoever gets one on a telephone has no checkout. Set runbook in infra/envs/prod.tfvars, for example to https://github.com/OWNER/NAME/blob/main/docs/runbook.md."
  }
}

variable "monthly_budget_usd" {
  description = "Monthly budget of the whole account: notifies at 80 %, and when the forecast exceeds it. A million requests a month cost about 5 after the free tier, and 9 more with a web ACL. Null creates none: many accounts let no role use billing, and the first deploy should not fail of it. There should be one in each account; `crudctl doctor` says whether there is, and whether one can be made."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "Use an amount greater than zero, or null."
  }
}

variable "deletion_protection" {
  description = "Protect the table, the user pool and buckets that are not empty from deletion."
  type        = bool
  default     = true
}
