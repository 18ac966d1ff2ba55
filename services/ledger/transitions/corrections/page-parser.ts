import { pageSchema, type PageResult } from '../../../../shared/contract/result/page.ts'
import { createParser, requireKnownVersion } from '../../../../shared/contract/messages/parser.ts'
import { upgradePage } from '../../../../shared/contract/schema/upgrades.ts'
import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import { unpack } from '../../../../shared/redis/result-stream.ts'

const parsePage = createParser("a page of the ledger's", pageSchema, upgradePage)

/** Parses the result of a row of `pages` or `revisions`. Throws `newer_version` or `damaged_record`. */
export const createPageParser =
  (file: string) =>
  (row: Record<string, unknown>): PageResult => {
    const what = `page ${String(row['page'])} of document ${String(row['document_id'])} in ${file}`
    requireKnownVersion(what, row['data_version'])
    try {
      return parsePage(unpack(row['result'] as Uint8Array))
    } catch (thrown) {
      const cure = 'read its document again, or restore the ledger from a backup'
      throw new ScriptoriumError(
        'damaged_record',
        `${what} is damaged (${toError(thrown).message}); ${cure}`,
        {
          cause: thrown,
        },
      )
    }
  }
