/** Finds the declared route for a request, with API Gateway's precedence. Pure. */
import type { DeclaredRoute } from '../template/declared.ts';

export interface Match {
  readonly route: DeclaredRoute;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface Compiled {
  readonly route: DeclaredRoute;
  readonly method: string;
  readonly segments: readonly string[];
  /** Smaller is more specific, compared segment by segment. */
  readonly rank: readonly number[];
}

const isGreedy = (segment: string): boolean => /^\{.+\+\}$/.test(segment);
const isParameter = (segment: string): boolean => /^\{.+\}$/.test(segment);

/** Exact segments come before parameters, those before greedy ones, and a named method before ANY. */
function compile(route: DeclaredRoute): Compiled {
  const [method = '', path = ''] = route.key.split(' ');
  const segments = path.split('/').slice(1);
  const rank = segments.map((segment) => (isGreedy(segment) ? 2 : isParameter(segment) ? 1 : 0));
  return { route, method, segments, rank: [...rank, method === 'ANY' ? 1 : 0] };
}

function byRank(a: Compiled, b: Compiled): number {
  for (const [index, rank] of a.rank.entries()) {
    const difference = rank - (b.rank[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A percent sequence that is no UTF-8 stays as it was sent. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function matchSegments({ segments }: Compiled, path: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const actual = path[index];
    if (actual === undefined) return undefined;
    if (isGreedy(segment)) {
      parameters[segment.slice(1, -2)] = decode(path.slice(index).join('/'));
      return parameters;
    }
    if (isParameter(segment)) {
      if (actual === '') return undefined;
      parameters[segment.slice(1, -1)] = decode(actual);
    } else if (segment !== decode(actual)) {
      return undefined;
    }
  }
  return segments.length === path.length ? parameters : undefined;
}

/** Builds the lookup once; it answers undefined when nothing fits (404). */
export function createRouter(
  routes: readonly DeclaredRoute[],
): (method: string, path: string) => Match | undefined {
  const fallback = routes.find((route) => route.key === '$default');
  const compiled = routes
    .filter((route) => route.key !== '$default')
    .map(compile)
    .sort(byRank);
  return (method, path) => {
    const segments = path.split('/').slice(1);
    for (const candidate of compiled) {
      if (candidate.method !== 'ANY' && candidate.method !== method) continue;
      const pathParameters = matchSegments(candidate, segments);
      if (pathParameters) return { route: candidate.route, pathParameters };
    }
    return fallback && { route: fallback, pathParameters: {} };
  };
}
