import { describeWebhooks } from '../../contracts/webhooks.ts';
import { MemoryWebhooks } from '../../support/fakes/memory-webhooks.ts';

describeWebhooks('the webhook store in memory', async () => new MemoryWebhooks());
