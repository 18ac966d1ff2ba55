import { ApiProblem, headersOf, readProblem, unreachable } from './api.ts'
import type { DocumentRow } from './views.ts'

/** Options of an upload. */
export interface UploadWish {
  tag: string
  languages: readonly string[]
}

const knownStatus = 200
const acceptedStatus = 202

/**
 * Uploads one file. `onProgress` gets the part that was sent, 0 to 1: fetch cannot tell it, so this is an
 * XMLHttpRequest. Rejects with `ApiProblem`.
 */
export function sendFile(
  file: File,
  { tag, languages }: UploadWish,
  onProgress: (share: number) => void,
): Promise<{ document: DocumentRow; isKnown: boolean }> {
  const options = {
    ...(tag !== '' && { tag }),
    ...(languages.length > 0 && { recipe: { languages } }),
  }
  const form = new FormData()
  form.append('options', JSON.stringify(options))
  form.append('files', file, file.name)
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/v1/documents')
    for (const [name, value] of Object.entries(headersOf())) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      if (total > 0) onProgress(loaded / total)
    })
    request.addEventListener('error', () => reject(unreachable()))
    request.addEventListener('load', () => {
      const { status, responseText } = request
      if (status !== knownStatus && status !== acceptedStatus) {
        reject(readProblem(status, responseText, request.getResponseHeader('retry-after')))
        return
      }
      try {
        const document = JSON.parse(responseText) as DocumentRow
        resolve({ document, isKnown: status === knownStatus })
      } catch {
        reject(new ApiProblem('unknown', status, 'The answer of the service is no JSON.'))
      }
    })
    request.send(form)
  })
}
