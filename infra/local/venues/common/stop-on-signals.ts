/** A server's end on Ctrl-C and its like. */

const EXIT_INTERRUPTED = 130;

/**
 * Stops in order on SIGINT, SIGTERM and SIGHUP. Until the start is over there is nothing to stop in order; a second
 * signal does not wait.
 * @returns what tells it how to stop from now on
 */
export function stopOnSignals(): (stop: () => Promise<void>) => void {
  let stop: (() => Promise<void>) | null = null;
  let isStopping = false;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (isStopping || stop === null) process.exit(EXIT_INTERRUPTED);
      isStopping = true;
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`stopping failed: ${String(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
  return (how) => {
    stop = how;
  };
}
