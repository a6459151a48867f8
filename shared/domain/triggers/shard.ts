/** Which shard a symbol, or whatever else has a name, belongs to: the same everywhere, from its name alone (FNV-1a). */
export function shardOf(name: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % shards;
}
