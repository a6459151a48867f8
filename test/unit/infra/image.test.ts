/** What the streamer's image and task promise; that it runs as they say: test/integration/streamer/image.test.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BUNDLE_ENTRIES, STREAMER } from '../../../infra/bundle/entries.ts';
import { synthesise } from './synthesised.ts';

const text = readFileSync('functions/streamer/Dockerfile', 'utf8');
const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
/** The lines of each stage. */
const stages: string[][] = [];
for (const line of lines) {
  if (line.startsWith('FROM ')) stages.push([]);
  stages.at(-1)?.push(line);
}

describe('the image', () => {
  const [checking = [], running = []] = stages;

  it('is made in two stages, of which only the first runs anything, on the machine that builds', () => {
    expect(stages).toHaveLength(2);
    expect(checking[0]).toContain('--platform=$BUILDPLATFORM');
    expect(checking.some((line) => line.startsWith('RUN node --check index.mjs'))).toBe(true);
    expect(running[0]).not.toContain('--platform');
    expect(running.filter((line) => line.startsWith('RUN '))).toEqual([]);
    expect(text).not.toMatch(/\b(apt|npm|curl|ADD)\b/);
  });

  it('runs Node of the project as nobody that could change its files, and can be asked how it is', () => {
    expect(running[0]).toContain('/node:24-slim');
    expect(running).toContain('USER 1000:1000');
    expect(running.indexOf('USER 1000:1000')).toBeGreaterThan(
      running.findIndex((line) => line.startsWith('COPY ')),
    );
    expect(running.some((line) => line.startsWith('HEALTHCHECK ') && line.includes('/app/health.sh'))).toBe(
      true,
    );
  });

  it('copies what its bundle folder holds, and nothing else', () => {
    const copied = checking
      .find((line) => line.startsWith('COPY '))
      ?.split(' ')
      .slice(1, -1);
    const entry = BUNDLE_ENTRIES.find(({ name }) => name === STREAMER);
    const beside = entry?.copy.map((path) => path.split('/').at(-1)).filter((name) => name !== 'Dockerfile');
    expect(copied).toEqual(['index.mjs', 'index.mjs.map', ...(beside ?? [])]);
  });
});

describe.each(['sandbox', 'prod'] as const)('the tasks of %s', (stage) => {
  const tasks = synthesise(stage).ofType('AWS::ECS::TaskDefinition');

  it('are ARM, read-only, without special rights, under init, and asked how they are', () => {
    expect(tasks).toHaveLength(stage === 'sandbox' ? 1 : 2);
    for (const { properties } of tasks) {
      expect(properties['RuntimePlatform']).toEqual({
        CpuArchitecture: 'ARM64',
        OperatingSystemFamily: 'LINUX',
      });
      const [container, more] = properties['ContainerDefinitions'] as Record<string, unknown>[];
      expect(more).toBeUndefined();
      expect(container).toMatchObject({
        Essential: true,
        ReadonlyRootFilesystem: true,
        LinuxParameters: { InitProcessEnabled: true, Capabilities: { Drop: ['ALL'] } },
        HealthCheck: { Command: ['CMD', 'bash', '/app/health.sh'], Retries: 3, StartPeriod: 60 },
        StopTimeout: 30,
      });
      expect(container).not.toHaveProperty('PortMappings');
      expect(container?.['Environment']).toContainEqual({ Name: 'HEALTH_PORT', Value: '8080' });
    }
  });
});
