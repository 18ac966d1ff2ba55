import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import type { ReadableType } from '../../../../shared/files/media-types.ts'
import { damaged } from '../../../../shared/raster/raster.ts'
import type { OpenedPage, OpenLimits, PagePicture, PagePixels, PictureSize } from '../opened.ts'
import type { GreyPage } from './calls.ts'
import type { PageDecoder } from './decoder.ts'

/** Decodes a file's first page in the decoder's process. Rejects with a `ScriptoriumError`. */
export async function decodeInProcess(
  decoder: PageDecoder,
  bytes: Uint8Array,
  mediaType: ReadableType,
  { maxMegapixels, decodeMs }: OpenLimits,
): Promise<OpenedPage> {
  const request = { bytes: new Uint8Array(bytes), mediaType, maxMegapixels }
  const call = decoder.call('grey', request, { deadlineMs: decodeMs })
  return toPixels(await call.catch(explain))
}

/** Decodes a file's first page in colour and in this size, in the decoder's process. Rejects with a `ScriptoriumError`. */
export async function pictureInProcess(
  decoder: PageDecoder,
  bytes: Uint8Array,
  mediaType: ReadableType,
  { maxMegapixels, decodeMs, width, height }: OpenLimits & PictureSize,
): Promise<PagePicture> {
  const request = { bytes: new Uint8Array(bytes), mediaType, maxMegapixels, width, height }
  return decoder.call('picture', request, { deadlineMs: decodeMs }).catch(explain)
}

/** A file that breaks the decoder counts as damaged: nothing else can be known about it. */
function explain(thrown: unknown): never {
  if (thrown instanceof ScriptoriumError) throw thrown
  throw damaged(toError(thrown).message)
}

function toPixels({ grey, ...geometry }: GreyPage): OpenedPage {
  return { ...geometry, kind: 'pixels', pixels: greyPixels(grey, geometry) }
}

/** Grey samples as input of sharp. */
export function greyPixels(
  grey: Uint8Array,
  { width, height }: { width: number; height: number },
): PagePixels {
  const data = Buffer.from(grey.buffer, grey.byteOffset, grey.byteLength)
  return { data, raw: { width, height, channels: 1 } }
}
