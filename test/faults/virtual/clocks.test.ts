/** Steps of the machines' clocks: what they move, and what they leave alone. */
import { describe, expect, it } from 'vitest';
import { Chaos, type Weather } from './chaos.ts';
import { Clocks } from './clocks.ts';
import { Kernel } from './kernel.ts';
import { Chance } from './random.ts';
import { drawWeather } from './scenario.ts';

const START = 1_000_000;
const MOST = 30_000;

function world(skewMs: number) {
  const weather: Weather = { ...drawWeather(new Chance('weather')), skewMs };
  const kernel = new Kernel(START);
  const chaos = new Chaos(weather, new Chance('calls'));
  return { kernel, chaos, clocks: new Clocks(kernel, chaos, new Chance('errors')) };
}

describe('local clocks', () => {
  it('step by themselves or all at once, either way, and are put right at the end', () => {
    const { clocks } = world(0);
    const [a, b] = [clocks.makeProc('a'), clocks.makeProc('b')];
    const chance = new Chance('steps');
    const seen = { alone: 0, together: 0, ahead: 0, behind: 0 };
    for (let n = 0; n < 200; n++) {
      const before = [clocks.nowOf(a), clocks.nowOf(b)];
      clocks.step(chance, MOST);
      const moved = [clocks.nowOf(a) - (before[0] ?? 0), clocks.nowOf(b) - (before[1] ?? 0)];
      if (moved[0] !== 0 && moved[1] !== 0) seen.together += 1;
      else if (moved[0] !== 0 || moved[1] !== 0) seen.alone += 1;
      for (const by of moved) {
        if (by > 0) seen.ahead += 1;
        if (by < 0) seen.behind += 1;
      }
    }
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(20);
    clocks.settle();
    expect([clocks.nowOf(a), clocks.nowOf(b), clocks.common()]).toEqual([START, START, START]);
  });

  it('leave timers and each machine’s own error as they are', async () => {
    const { clocks, kernel } = world(3_000);
    const proc = clocks.makeProc('a');
    const own = clocks.nowOf(proc) - START;
    expect(own).not.toBe(0);
    const fired: number[] = [];
    kernel.after(100, () => fired.push(kernel.now));
    proc.stepMs = -MOST;
    clocks.commonMs = MOST / 2;
    await kernel.run(() => false);
    expect(fired).toEqual([START + 100]);
    clocks.settle();
    expect(clocks.nowOf(proc) - kernel.now).toBe(own);
  });

  it('a machine that is dead steps no more, one of the calm is right', () => {
    const { clocks, chaos } = world(3_000);
    const dead = clocks.makeProc('dead');
    dead.kill();
    const chance = new Chance('steps');
    for (let n = 0; n < 50; n++) clocks.step(chance, MOST);
    expect(dead.stepMs).toBe(0);
    chaos.isOver = true;
    expect(clocks.makeProc('late').skewMs).toBe(0);
  });
});
