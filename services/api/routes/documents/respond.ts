import type { FastifyReply, FastifyRequest } from 'fastify'
import { scrub } from '../../../../shared/process/host-paths.ts'
import type { AcceptedDocument } from '../../intake/submission.ts'
import type { Uploads } from '../../intake/uploads/uploads.ts'
import type { DocumentView, UploadView } from '../../schemas/document.ts'
import type { UploadOptions } from '../../schemas/options.ts'
import { waitUntil } from '../../state/wait.ts'
import { toAnswer } from '../../views/result.ts'
import { writeTextOf, writeUpload, writeView } from '../../views/upload-answer.ts'
import { isAwaited, type Context } from '../context.ts'

interface Response {
  uploads: Uploads
  options: UploadOptions
  runId: string
  documents: readonly AcceptedDocument[]
}

/** Responds with the document, or with the upload if there are several; with `wait` and the results, if they are ready. */
export async function respond(
  context: Context,
  request: FastifyRequest<{ Querystring: { wait?: number } }>,
  reply: FastifyReply,
  { uploads, options, runId, documents }: Response,
): Promise<FastifyReply> {
  const { wait = 0 } = request.query
  const isFinal = (): boolean =>
    documents.every(({ id, pass }) => {
      const row = context.ledger.get().documents.get(id)
      return row?.state === 'final' && row.pass >= pass
    })
  const isOver = await waitUntil(isFinal, wait, () => isAwaited(context, reply))
  const views: DocumentView[] = []
  for (const { id, name } of documents) {
    const view = await context.documents.find(id)
    if (view === undefined) continue
    views.push({ ...view, ...ofSubmission(view, runId, options), name })
  }
  const [only] = views
  const isOne = documents.length === 1 && uploads.rejected.length === 0 && only !== undefined
  if (!isOver) {
    reply.code(202).header('retry-after', retryAfter(views))
    reply.header('location', isOne ? only.links.self : `/v1/runs/${runId}`)
  }
  const upload = toUploadView(runId, views, uploads)
  if (!isOver || wait === 0) return reply.send(isOne ? only : upload)
  const { ledger } = context
  if (isOne && wantsText(request)) {
    const text = await toAnswer(writeTextOf(ledger, only.id))
    return reply.type('text/plain; charset=utf-8').send(text)
  }
  const json = await toAnswer(isOne ? writeView(ledger, only) : writeUpload(ledger, upload))
  return reply.type('application/json; charset=utf-8').send(json)
}

/** This upload's view of a document, which others may have uploaded before. */
function ofSubmission({ links }: DocumentView, runId: string, options: UploadOptions) {
  const { tag = null, metadata = {}, priority = 'interactive' } = options
  return { runId, tag, metadata, priority, links: { ...links, run: `/v1/runs/${runId}` } }
}

const wantsText = ({ headers }: FastifyRequest): boolean =>
  headers.accept?.trim().startsWith('text/plain') === true

/** Seconds until it is worth asking again. */
const retryAfter = (views: readonly DocumentView[]): number =>
  Math.min(60, Math.max(1, ...views.map(({ etaSeconds }) => Math.ceil(etaSeconds ?? 1))))

function toUploadView(runId: string, documents: DocumentView[], { rejected }: Uploads): UploadView {
  return {
    runId,
    documents,
    rejected: rejected.map(({ name, error: { code, message, retryable } }) => ({
      name,
      code,
      detail: scrub(message),
      retryable,
    })),
    links: { run: `/v1/runs/${runId}`, events: `/v1/runs/${runId}/events` },
  }
}
