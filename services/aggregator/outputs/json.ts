import type { ScriptoriumDocument } from '../../../shared/contract.ts'

/** The contract's document on one line: an `OUT/<path>.json` file, or a line of `results.ndjson`. */
export function toJson(document: ScriptoriumDocument): string {
  return `${JSON.stringify(document)}\n`
}
