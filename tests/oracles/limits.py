"""AWS's limits that no API model has, with their sources. The models' own (lengths, patterns, values) are in botocore."""

from __future__ import annotations

from dataclasses import dataclass

IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
GATEWAY = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
CLOUDWATCH = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"
ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
WIDGETS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"
LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"
RETENTION = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"
CLOUDFRONT = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"
SNS = "https://docs.aws.amazon.com/general/latest/gr/sns.html"
BUCKETS = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"
BUCKET_POLICY = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"
DYNAMODB = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
STACKS = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
COGNITO = "https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html"
BUDGETS = "https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html"


@dataclass(frozen=True)
class Limit:
    """The most that AWS accepts of something, in its unit, and the page."""

    most: int
    unit: str
    source: str


LIMITS = {
    # IAM does not count white space; Terraform's jsonencode writes none.
    "inline policies of a role": Limit(10_240, "characters", IAM),
    "managed policy": Limit(6_144, "characters", IAM),
    "trust policy": Limit(2_048, "characters", IAM),
    "role name": Limit(64, "characters", IAM),
    "function name": Limit(64, "characters", "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"),
    "environment of a function": Limit(4_096, "bytes", LAMBDA),
    "policy of a function": Limit(20_480, "bytes", LAMBDA),
    "memory of a function": Limit(10_240, "MB", LAMBDA),
    "timeout of a function": Limit(900, "seconds", LAMBDA),
    "package, unpacked": Limit(250 << 20, "bytes", LAMBDA),
    "resources of an API": Limit(300, "paths", GATEWAY),
    "import body": Limit(
        6 << 20, "bytes", "https://docs.aws.amazon.com/apigateway/latest/developerguide/import-api.html"
    ),
    "access log format": Limit(
        3_072, "bytes", "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html"
    ),
    "metrics of an alarm": Limit(10, "metrics", CLOUDWATCH),
    "actions of an alarm": Limit(5, "actions", CLOUDWATCH),
    "window of an alarm": Limit(604_800, "seconds", ALARM),
    "window of an alarm with a period below an hour": Limit(86_400, "seconds", ALARM),
    "metrics of a widget": Limit(500, "metrics", CLOUDWATCH),
    "metrics of a dashboard": Limit(2_500, "metrics", CLOUDWATCH),
    "alarms of a widget": Limit(100, "alarms", WIDGETS),
    "searches of a widget": Limit(
        100, "searches", "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html"
    ),
    "metric filters of a log group": Limit(100, "filters", LOGS),
    "Content-Security-Policy": Limit(1_783, "characters", CLOUDFRONT),
    "policy of a topic": Limit(30_720, "bytes", SNS),
    "topic name": Limit(256, "characters", "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"),
    "bucket name": Limit(63, "characters", BUCKETS),
    "policy of a bucket": Limit(20_480, "bytes", BUCKET_POLICY),
    "table name": Limit(255, "characters", DYNAMODB),
    "indexes of a table": Limit(20, "indexes", DYNAMODB),
    "template of a stack": Limit(51_200, "bytes", STACKS),
    "scopes of a resource server": Limit(100, "scopes", COGNITO),
    "notifications of a budget": Limit(10, "notifications", BUDGETS),
}
RETENTIONS = {
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}  # fmt: skip
BUCKET = r"(?!xn--|sthree-|amzn-s3-demo-|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
TABLE = r"[a-zA-Z0-9_.-]{3,255}"
TOPIC = r"[A-Za-z0-9_-]{1,256}"
FUNCTION = r"[a-zA-Z0-9-_]{1,64}"
DASHBOARD = r"[A-Za-z0-9_-]{1,255}"
STAGE = r"[a-zA-Z0-9_]{1,128}"
