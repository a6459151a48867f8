/**
 * Where the console is: a private bucket, and CloudFront in front of it, which alone may read it. What lies in it comes later
 * (console-files-stack.ts): the API and the user pool have to know the console's address, and its page theirs.
 */
import { Aws, CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  type DistributionProps,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  PriceClass,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { INDEX_FILE } from '../console/config.ts';
import { CUSTOM_HEADERS, contentSecurityPolicy, HSTS_SECONDS } from '../console/headers.ts';
import { PAGE_FUNCTION } from '../console/page-function.ts';
import type { Settings } from './settings.ts';

export interface ConsoleStackProps extends StackProps {
  readonly settings: Settings;
  /** Where users sign in. */
  readonly signInDomain: string;
}

/** What was replaced by mistake can be brought back for so long. */
const KEEP_REPLACED = Duration.days(30);

export class ConsoleStack extends Stack {
  readonly bucket: IBucket;
  /** `https://...`, without a slash at the end. */
  readonly origin: string;

  constructor(scope: Construct, id: string, { settings, signInDomain, ...props }: ConsoleStackProps) {
    super(scope, id, props);
    const isKept = settings.stage === 'prod';
    // Its type says of a property that it may be undefined, where the interface's leaves it out.
    this.bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // The sandbox's is emptied by the stack that filled it; old versions would hold it.
      versioned: isKept,
      ...(isKept && { lifecycleRules: [{ noncurrentVersionExpiration: KEEP_REPLACED }] }),
      removalPolicy: settings.removalPolicy,
    }) as IBucket;
    const { consoleDomain } = settings;
    const distribution = new Distribution(this, 'Distribution', {
      comment: `Moniqo console (${settings.stage})`,
      defaultRootObject: INDEX_FILE,
      httpVersion: HttpVersion.HTTP2_AND_3,
      // North America and Europe: the cheapest; from elsewhere it is a little slower to open.
      priceClass: PriceClass.PRICE_CLASS_100,
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(this.bucket),
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
        compress: true,
        cachePolicy: this.cachePolicy(),
        responseHeadersPolicy: this.headers(signInDomain),
        functionAssociations: [{ function: this.pages(), eventType: FunctionEventType.VIEWER_REQUEST }],
      },
      ...(consoleDomain !== null && this.ownName(consoleDomain)),
    });
    this.origin = `https://${consoleDomain?.name ?? distribution.distributionDomainName}`;
    new CfnOutput(this, 'ConsoleUrl', { value: `${this.origin}/` });
    new CfnOutput(this, 'ConsoleDistributionDomain', { value: distribution.distributionDomainName });
  }

  /** As long as the files themselves say: not at all, or for good. With a minimum `no-store` would be kept for that long. */
  private cachePolicy(): CachePolicy {
    return new CachePolicy(this, 'AsFilesSay', {
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.days(365),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    });
  }

  /**
   * The ids of both APIs are known only after them, so here stands whatever API Gateway has in this region; the page itself
   * names the two (console-files-stack.ts), and what both allow is allowed.
   */
  private headers(signInDomain: string): ResponseHeadersPolicy {
    const apis = `*.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;
    const connect = [`https://${apis}`, `wss://${apis}`, signInDomain];
    return new ResponseHeadersPolicy(this, 'Headers', {
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy: contentSecurityPolicy(connect), override: true },
        strictTransportSecurity: {
          accessControlMaxAge: Duration.seconds(HSTS_SECONDS),
          includeSubdomains: true,
          override: true,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
      },
      customHeadersBehavior: {
        customHeaders: Object.entries(CUSTOM_HEADERS).map(([header, value]) => ({
          header,
          value,
          override: true,
        })),
      },
    });
  }

  private pages(): EdgeFunction {
    return new EdgeFunction(this, 'Pages', {
      code: FunctionCode.fromInline(PAGE_FUNCTION),
      runtime: FunctionRuntime.JS_2_0,
    });
  }

  /** A name of one's own comes with a certificate of one's own, and with it the say over TLS. */
  private ownName({
    name,
    certificateArn,
  }: NonNullable<Settings['consoleDomain']>): Partial<DistributionProps> {
    return {
      domainNames: [name],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
    };
  }
}
