/** Does one raster task: a hostile file may take for ever, and its thread can be ended. What it throws ends the thread. */
import { parentPort } from 'node:worker_threads'
import { decodeBmp } from '../../../../../shared/raster/bmp.ts'
import { decodePnm } from '../../../../../shared/raster/pnm.ts'
import { enoughBits, requireSize } from '../../../../../shared/raster/raster.ts'
import { makeDecodable, type TiffPage } from '../../../../../shared/raster/tiff.ts'
import { unpackSamples } from '../../../../../shared/raster/unpack.ts'
import { encodeLab, encodeRaster } from './encode-raster.ts'
import type { Picture } from './image.ts'
import { maxMegapixels } from './limits.ts'
import type { RasterTask } from './raster-tasks.ts'

function run(task: RasterTask): Promise<Picture | TiffPage> {
  switch (task.kind) {
    case 'bmp':
      return encodeRaster(decodeBmp(Buffer.from(task.bytes.buffer), maxMegapixels))
    case 'pnm':
      return encodeRaster(decodePnm(Buffer.from(task.bytes.buffer), maxMegapixels, enoughBits))
    case 'tiff':
      return makeDecodable(Buffer.from(task.bytes.buffer), maxMegapixels)
    case 'packed': {
      const { rows, height, packing } = task
      requireSize(packing.width, height, maxMegapixels)
      return encodeRaster(
        unpackSamples(Buffer.from(rows.buffer), { ...packing, height }, enoughBits),
      )
    }
    case 'lab':
      return encodeLab(task)
  }
}

/** It is not given the task: that would keep the input in memory until the picture is compressed. */
async function post(answer: Promise<Picture | TiffPage>): Promise<void> {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
  parentPort?.postMessage(await answer)
}

parentPort?.once('message', (task: RasterTask) => void post(run(task)))
