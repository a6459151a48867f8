/**
 * Which addresses a webhook may have. Deployed: `https` to a public address, so that nobody reaches what is inside by it.
 * On a laptop also `http` to the machine itself.
 */
import { BlockList, isIP } from 'node:net';
import { err, ok, type Result } from '../../domain/result.ts';

export const TARGET_POLICIES = ['public', 'loopback'] as const;
export type TargetPolicy = (typeof TARGET_POLICIES)[number];

/** Of no host in the public internet (IANA's special-purpose registries), and ways to write those otherwise. */
const NOT_PUBLIC = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv4');

/** Global unicast; everything else of IPv6 is local, multicast, mapped IPv4 or translated. */
const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet('2000::', 3, 'ipv6');
const NOT_PUBLIC_IPV6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  NOT_PUBLIC_IPV6.addSubnet(network, prefix, 'ipv6');

/** False for anything that is no IP address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !NOT_PUBLIC.check(address, 'ipv4');
  return family === 6 && GLOBAL_IPV6.check(address, 'ipv6') && !NOT_PUBLIC_IPV6.check(address, 'ipv6');
}

const isLoopback = (address: string): boolean => address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);

/** Of an address that a name stands for. */
export const isAllowedAddress = (address: string, policy: TargetPolicy): boolean =>
  isPublicAddress(address) || (policy === 'loopback' && isLoopback(address));

const LOCAL_NAME = /^localhost$|\.(localhost|local|internal|home\.arpa)$/;

/** The address as it is called, or why it may not be. What its name stands for is looked at when it is called. */
export function checkTarget(text: string, policy: TargetPolicy): Result<URL, string> {
  if (!URL.canParse(text)) return err('is no URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return err('must not hold a user or password');
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const isOwnMachine = isLoopback(host) || host === 'localhost';
  if (policy === 'loopback' && isOwnMachine && /^https?:$/.test(url.protocol)) return ok(url);
  if (url.protocol !== 'https:') return err('must begin with https://');
  if (isIP(host) === 0 ? LOCAL_NAME.test(host) || !host.includes('.') : !isPublicAddress(host))
    return err('must be a public address');
  return ok(url);
}
