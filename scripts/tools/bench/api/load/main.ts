import { once } from 'node:events'
import { createFollowing } from './follow.ts'
import { askAgain } from './gets.ts'
import { sendLarge } from './large.ts'
import { parseLoadOrder, type LoadAnswer, type LoadOrder, type LoadResult } from './messages.ts'
import { sendFolder, sendNoise } from './uploads.ts'

const stop = new AbortController()
process.on('disconnect', () => process.exit()) // The bench has its result, or has died.
const [order] = await once(process, 'message')
process.once('message', () => stop.abort())
const tell = (message: LoadAnswer): unknown => process.send?.(message)
const before = process.cpuUsage()
const began = performance.now()
const result = await carryOut(parseLoadOrder(order), () => tell({ kind: 'begun' }))
const { user, system } = process.cpuUsage(before)
const cpuShare = (user + system) / 10 / (performance.now() - began)
tell({ kind: 'done', result, cpuShare })

function carryOut(given: LoadOrder, onBegun: () => void): Promise<LoadResult> {
  switch (given.kind) {
    case 'uploads':
      onBegun()
      return sendNoise(given)
    case 'gets':
      onBegun()
      return askAgain(given, stop.signal)
    case 'large':
      onBegun()
      return sendLarge(given)
    case 'streams':
      return createFollowing(given, onBegun)
    case 'folder':
      onBegun()
      return sendFolder(given)
  }
}
