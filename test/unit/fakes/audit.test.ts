import { describeAudit } from '../../contracts/audit.ts';
import { MemoryAudit } from '../../support/fakes/memory-audit.ts';

describeAudit('the audit record in memory', async () => new MemoryAudit());
