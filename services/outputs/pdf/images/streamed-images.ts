import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Below } from '../../../../shared/files/open-below.ts'
import type { PictureAnswer, Size } from '../../decoder/calls.ts'
import type { Decoder, Decoding } from '../../decoder/decoder.ts'
import { openInputFile, type InputFile } from '../file/input-file.ts'
import type { StreamedImage, StreamedPicture } from '../../decoder/picture.ts'
import { readJpegHead } from './jpeg.ts'

/** The pictures of an image file, in chunks. Pages count from 1. */
export interface StreamedImages {
  pagesTotal: number
  /**
   * Request pages in order, and read the data of a page's picture before the next request. Throws `PageRefused` where
   * only this page cannot be shown, or a `ScriptoriumError` where none of the rest can.
   */
  page: (number: number) => Promise<StreamedImage>
  /** Of a page that is not decoded; undefined where only decoding gives the size. */
  size: (number: number) => Promise<Size | undefined>
  close: () => Promise<void>
}

/** Rejects one page; its message follows the page's name. */
export class PageRefused extends ScriptoriumError {}

interface Given {
  file: Below
  sha256: string | null
  mediaType: string | null
  decoder: Decoder
  signal?: AbortSignal | undefined
}

/** A JPEG's frame comes after any data that its camera put before it: previews and depth maps. */
const longestHead = 16 * 2 ** 20

/**
 * Opens an image file. A JPEG needs no decoder. Throws the errors of `openInputFile`, and errors that end the decoder.
 */
export async function openImages(given: Given): Promise<StreamedImages> {
  given.signal?.throwIfAborted()
  const jpeg = given.mediaType === 'image/jpeg' ? await openJpeg(given) : undefined
  return jpeg ?? openDecoded(given)
}

async function openJpeg({ file, sha256 }: Given): Promise<StreamedImages | undefined> {
  const input = await openInputFile(file, sha256)
  const head = readJpegHead(input.head) ?? (await readLongHead(input))
  if (head === undefined) {
    await input.close()
    return undefined
  }
  return {
    pagesTotal: 1,
    page: () => Promise.resolve({ ...head, bytes: input.bytes, data: input.stream }),
    size: () => Promise.resolve(head),
    close: input.close,
  }
}

async function readLongHead({ bytes, head, read }: InputFile) {
  const end = Math.min(bytes, longestHead)
  return end > head.length ? readJpegHead(await read(0, end)) : undefined
}

async function openDecoded(given: Given): Promise<StreamedImages> {
  const { file, sha256, mediaType, decoder, signal } = given
  const decoding = decoder.open(signal)
  const open = () => decoding.ask('openImages', { file, sha256, mediaType, ...decoder.limits })
  const takeTurns = async (): Promise<void> => {
    if (await decoding.takeTurns()) await open()
  }
  try {
    const { pagesTotal } = await open()
    return {
      pagesTotal,
      async page(number) {
        decoding.allowPage()
        await takeTurns()
        const answer = await decoding.ask('picture', { page: number })
        if ('refused' in answer) throw new PageRefused(answer.refused.code, answer.refused.message)
        return toImage(decoding, answer)
      },
      async size(number) {
        await takeTurns()
        return (await decoding.ask('size', { page: number })) ?? undefined
      },
      close: decoding.close,
    }
  } catch (thrown) {
    await decoding.close()
    throw thrown
  }
}

function toImage(decoding: Decoding, { mask, orientation, ...picture }: PictureAnswer) {
  const data = (bytes: number) => () => readHeld(decoding, bytes)
  const image: StreamedPicture = { ...picture, data: data(picture.bytes) }
  if (mask !== undefined) image.mask = { ...mask, data: data(mask.bytes) }
  return { ...image, orientation }
}

/** Reads the data that the decoder has announced. */
export async function* readHeld(decoding: Decoding, bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0;) {
    const { data } = await decoding.ask('read', { maxBytes: left })
    if (data.length === 0) throw new Error('the decoder returned less data than announced')
    left -= data.length
    yield data
  }
}
