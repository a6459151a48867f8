/**
 * Metrics that AWS's services tell by themselves, with the sets of dimensions that they are told by, as their documentation
 * has them: of a name that is not here nobody has looked whether there is such a metric. An alarm on one that does not
 * exist is never anything but well.
 */
type DimensionSets = readonly (readonly string[])[];

const BY_QUEUE: DimensionSets = [['QueueName']];
/** Without a dimension: of all functions of the account and region. */
const BY_FUNCTION: DimensionSets = [['FunctionName'], []];
const BY_TABLE: DimensionSets = [['TableName'], ['GlobalSecondaryIndexName', 'TableName']];
const BY_API: DimensionSets = [['ApiId'], ['ApiId', 'Stage']];
const BY_CACHE: DimensionSets = [['clusterId']];
const BY_SERVICE: DimensionSets = [['ClusterName', 'ServiceName']];

export const AWS_METRICS: Readonly<Record<string, Readonly<Record<string, DimensionSets>>>> = {
  // docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
  'AWS/SQS': {
    ApproximateAgeOfOldestMessage: BY_QUEUE,
    ApproximateNumberOfMessagesVisible: BY_QUEUE,
    NumberOfMessagesSent: BY_QUEUE,
  },
  // docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  'AWS/Lambda': {
    Duration: BY_FUNCTION,
    Errors: BY_FUNCTION,
    Invocations: BY_FUNCTION,
    IteratorAge: [['FunctionName']],
    Throttles: BY_FUNCTION,
  },
  // docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
  'AWS/DynamoDB': {
    ConsumedReadCapacityUnits: BY_TABLE,
    ConsumedWriteCapacityUnits: BY_TABLE,
    ReadThrottleEvents: BY_TABLE,
    WriteThrottleEvents: BY_TABLE,
  },
  // docs.aws.amazon.com/AmazonElastiCache/latest/dg/serverless-metrics-events-redis.html; the name of the dimension as
  // `aws cloudwatch list-metrics` shows it: CacheClusterId and ServerlessCacheName, which others use, are told of nothing.
  'AWS/ElastiCache': {
    BytesUsedForCache: BY_CACHE,
    ElastiCacheProcessingUnits: BY_CACHE,
    Evictions: BY_CACHE,
    SuccessfulReadRequestLatency: BY_CACHE,
    SuccessfulWriteRequestLatency: BY_CACHE,
    ThrottledCmds: BY_CACHE,
  },
  // docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html and apigateway-websocket-api-logging.html;
  // 4XXError and 5XXError are those of REST APIs.
  'AWS/ApiGateway': {
    '5xx': BY_API,
    Count: BY_API,
    Latency: BY_API,
    MessageCount: BY_API,
  },
  // docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html: without Container Insights
  'AWS/ECS': { CPUUtilization: BY_SERVICE, MemoryUtilization: BY_SERVICE },
  // docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html: with the rule alone, of the default bus
  'AWS/Events': { Invocations: [['RuleName'], []] },
  // docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html: without a group, of
  // all groups of the account and region
  'AWS/Logs': { IncomingBytes: [['LogGroupName'], []] },
};
