/** Looking at processes from outside, by id. */
import { execFileSync } from 'node:child_process';

/** The process's children, their children and so on. */
export function descendants(pid: number): readonly number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const found: number[] = [];
  for (let level = [pid]; level.length > 0; ) {
    level = pairs
      .filter(([, parent]) => parent !== undefined && level.includes(parent))
      .flatMap(([own]) => own ?? []);
    found.push(...level);
  }
  return found;
}

/** Those of `pids` that still run (a zombie that nobody has collected does not). */
export function alive(pids: readonly number[]): readonly string[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,stat=,args='], { encoding: 'utf8' }).trim().split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => {
      const [pid, state = ''] = line.split(/\s+/);
      return pids.includes(Number(pid)) && !state.startsWith('Z');
    });
}
