/** Lua scripts are bundled as text (infra/bundle, vitest.config.ts). */
declare module '*.lua' {
  const source: string;
  export default source;
}
