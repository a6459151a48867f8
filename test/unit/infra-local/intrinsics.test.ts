// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation has its own placeholders
import { describe, expect, it } from 'vitest';
import type { Assembly, Stack, Template } from '../../../infra/local/template/assembly.ts';
import { createResolver, TemplateError } from '../../../infra/local/template/intrinsics.ts';

const LOCAL = {
  sqsEndpoint: 'http://127.0.0.1:4000',
  cacheHost: '127.0.0.1',
  cachePort: 6000,
  apiEndpoint: 'http://127.0.0.1:8787',
};

const resource = (Type: string, Properties: Record<string, unknown> = {}) => ({ Type, Properties });

const data: Stack = {
  name: 'data',
  template: {
    Resources: {
      Orders: resource('AWS::DynamoDB::Table'),
      Submit: resource('AWS::SQS::Queue', { QueueName: 'submit' }),
      Fills: resource('AWS::SQS::Queue', { FifoQueue: true }),
    },
    Outputs: {
      OrdersName: { Value: { Ref: 'Orders' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Orders' } } },
      SubmitArn: { Value: { 'Fn::GetAtt': ['Submit', 'Arn'] }, Export: { Name: 'data:SubmitArn' } },
      Circle: { Value: { 'Fn::ImportValue': 'data:Circle' }, Export: { Name: 'data:Circle' } },
      NotExported: { Value: 'x' },
    },
  },
};

const template: Template = {
  Parameters: { BootstrapVersion: { Default: '/cdk-bootstrap/version' }, Needed: { Default: undefined } },
  Resources: {
    Cache: resource('AWS::ElastiCache::ServerlessCache'),
    Fn: resource('AWS::Lambda::Function'),
    Nat: resource('AWS::EC2::NatGateway'),
  },
};
const app: Stack = { name: 'app', template };
const assembly: Assembly = { stacks: [data, app], files: new Map(), images: new Map() };
const { resolve } = createResolver(assembly, LOCAL);

describe('intrinsics', () => {
  it.each<[string, Stack, unknown, unknown]>([
    ['plain values', app, { a: [1, true, 'x'] }, { a: [1, true, 'x'] }],
    ['Ref of a queue is its URL', data, { Ref: 'Submit' }, 'http://127.0.0.1:4000/000000000000/submit'],
    ['Ref of an unnamed table is a stable name', data, { Ref: 'Orders' }, 'data-Orders'],
    [
      'an unnamed FIFO queue ends in .fifo',
      data,
      { 'Fn::GetAtt': ['Fills', 'QueueName'] },
      'data-Fills.fifo',
    ],
    ['Ref of a function is its name', app, { Ref: 'Fn' }, 'app-Fn'],
    [
      'GetAtt as text',
      app,
      { 'Fn::GetAtt': 'Fn.Arn' },
      'arn:aws:lambda:us-east-1:000000000000:function:app-Fn',
    ],
    ['GetAtt with a dotted attribute', app, { 'Fn::GetAtt': ['Cache', 'Endpoint.Port'] }, '6000'],
    [
      'pseudo parameters',
      app,
      [{ Ref: 'AWS::AccountId' }, { Ref: 'AWS::Region' }],
      ['000000000000', 'us-east-1'],
    ],
    ['NoValue vanishes', app, { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }, 1] }, { b: [1] }],
    ['parameter default', app, { Ref: 'BootstrapVersion' }, '/cdk-bootstrap/version'],
    ['Join', app, { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Partition' }, 3]] }, 'a-aws-3'],
    [
      'Sub with literal and variables',
      app,
      { 'Fn::Sub': ['${!x} ${v} ${Fn.Arn}', { v: 1 }] },
      '${x} 1 arn:aws:lambda:us-east-1:000000000000:function:app-Fn',
    ],
    ['Select over Split', app, { 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['an import resolves in its own stack', app, { 'Fn::ImportValue': 'data:Orders' }, 'data-Orders'],
    [
      'an import of an ARN',
      app,
      { 'Fn::ImportValue': 'data:SubmitArn' },
      'arn:aws:sqs:us-east-1:000000000000:submit',
    ],
  ])('%s', (_name, stack, value, expected) => {
    expect(resolve(stack, value)).toEqual(expected);
  });

  it.each<[unknown, RegExp]>([
    [{ 'Fn::GetStackOutput': ['data', 'x'] }, /Fn::GetStackOutput is not known/],
    [{ 'Fn::If': ['c', 1, 2] }, /Fn::If is not known/],
    [{ Ref: 'Nowhere' }, /no resource or parameter Nowhere/],
    [{ Ref: 'Nat' }, /AWS::EC2::NatGateway, which has no value/],
    [{ Ref: 'Needed' }, /parameter Needed has no default/],
    [{ 'Fn::GetAtt': ['Fn', 'Version'] }, /attribute Version of Fn/],
    [{ 'Fn::ImportValue': 'nobody' }, /nothing exports nobody/],
    [{ 'Fn::ImportValue': 'data:Circle' }, /circle at data:Circle/],
    [{ 'Fn::Select': ['5', ['a']] }, /finds no item 5/],
    [{ 'Fn::Join': ['-', 'abc'] }, /no list/],
    [{ 'Fn::Join': ['-', [{ a: 1 }]] }, /expected text/],
  ])('refuses %j', (value, message) => {
    expect(() => resolve(app, value)).toThrow(TemplateError);
    expect(() => resolve(app, value)).toThrow(message);
  });
});
