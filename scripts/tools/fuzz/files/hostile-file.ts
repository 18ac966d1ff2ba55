/** An untrusted file. */
export interface HostileFile {
  /** With an extension, which may be wrong. */
  name: string
  /** Its generator, for the statistics. */
  kind: string
  bytes: Buffer
}
