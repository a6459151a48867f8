import { describeFollowers } from '../../contracts/followers.ts';
import { MemoryFollowers } from '../../support/fakes/memory-followers.ts';

describeFollowers('followers in memory', async () => new MemoryFollowers());
