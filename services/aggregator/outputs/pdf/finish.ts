import { hash } from 'node:crypto'
import { version } from '../../../../shared/version.ts'
import { pdfText, type PdfFile } from './assembly.ts'

/** Writes who made a file, and its end. The same `identity` gives the same bytes. `finishedAt` is ISO 8601, or empty. */
export function* finishFile(
  file: PdfFile,
  catalog: number,
  title: string,
  finishedAt: string,
  identity: readonly unknown[],
): Generator<Buffer> {
  const info = file.allocate()
  const date = finishedAt.replaceAll(/\D/g, '').slice(0, 14)
  const created = date.length === 14 ? `/CreationDate(D:${date}Z)` : ''
  const producer = `/Producer${pdfText(`Scriptorium ${version}`)}`
  yield* file.object(info, `<</Title${pdfText(title)}${producer}${created}>>`)
  const id = hash('md5', identity.join(' '))
  yield* file.finish({ root: `${catalog} 0 R`, info: `${info} 0 R`, id: `[<${id}><${id}>]` })
}
