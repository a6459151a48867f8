/** In place of the SDK's commands in the bundle: all that the outbox needs of them is their input. */
export class SendMessageCommand {
  readonly input: unknown;

  constructor(input: unknown) {
    this.input = input;
  }
}

export class SendMessageBatchCommand extends SendMessageCommand {}
