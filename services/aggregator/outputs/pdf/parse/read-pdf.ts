import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import { ScriptoriumError } from '../../../../../shared/errors.ts'
import type { ParseMessage, ParseTask } from './messages.ts'

const deadlineMs = 120_000
const heapMegabytes = 768

/** The whole process parses one PDF at a time: each needs the memory of its file, and takes a core. */
const oneAtATime = pLimit(1)

type Described = Extract<ParseMessage, { kind: 'described' }>
type Copied = Extract<ParseMessage, { kind: 'copied' }>
type CopiedObject = Extract<ParseMessage, { kind: 'object' }>

/** What something is to be appended to. Throws `input_unreadable`, `unstable`, `corrupt_pdf`, `password_required` or `password_wrong`. */
export async function describePdf(task: Omit<ParseTask, 'copy'>): Promise<Described> {
  const [last] = await parseOnThread(task)
  if (last?.kind === 'described') return last
  throw new ScriptoriumError('internal', 'a PDF was copied, and not described')
}

/** The objects of pages, to be written under the numbers they have been given. Throws as `describePdf` does. */
export async function copyPdf(task: ParseTask): Promise<Copied & { objects: CopiedObject[] }> {
  const messages = await parseOnThread(task)
  const last = messages.at(-1)
  if (last?.kind !== 'copied')
    throw new ScriptoriumError('internal', 'a PDF was described, and not copied')
  return { ...last, objects: messages.filter((message) => message.kind === 'object') }
}

const parseOnThread = (task: ParseTask): Promise<ParseMessage[]> =>
  oneAtATime(async () => {
    const thread = new Worker(new URL('thread.ts', import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    })
    try {
      return await messagesOf(thread)
    } finally {
      await thread.terminate()
    }
  })

function messagesOf(thread: Worker): Promise<ParseMessage[]> {
  return new Promise((resolve, reject) => {
    const messages: ParseMessage[] = []
    const refuse = (reason: string): void =>
      reject(new ScriptoriumError('corrupt_pdf', `its pages cannot be shown: ${reason}`))
    const timer = setTimeout(() => refuse('the PDF takes too long to parse'), deadlineMs)
    const settle = (work: () => void): void => {
      clearTimeout(timer)
      work()
    }
    thread.on('message', (message: ParseMessage) => {
      messages.push(message)
      if (message.kind === 'refused') {
        settle(() => reject(new ScriptoriumError(message.code, message.message)))
      } else if (message.kind !== 'object') settle(() => resolve(messages))
    })
    thread.on('error', ({ message }) => settle(() => refuse(message)))
    thread.on('exit', () => settle(() => refuse('the PDF could not be parsed')))
  })
}
