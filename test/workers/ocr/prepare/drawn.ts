/** Pages drawn pixel by pixel, so that tests know every position, independent of installed fonts. */
import type { Grey } from '../../../../workers/ocr/prepare/grey.ts'
import type { PagePoint } from '../../../../workers/ocr/prepare/mapping.ts'
import { lookAt } from '../../../../workers/ocr/prepare/look.ts'
import { darken, repaint } from '../../../../workers/ocr/prepare/steps/repaint.ts'
import { surveyPage, type PageSurvey } from '../../../../workers/ocr/prepare/survey.ts'

export const paperOf = (width: number, height: number, value = 255): Grey => ({
  data: new Uint8Array(width * height).fill(value),
  width,
  height,
})

/** Fills a box. */
export function fill(image: Grey, x: number, y: number, width: number, height: number, value = 0) {
  for (let row = y; row < y + height; row += 1) {
    image.data.fill(value, row * image.width + x, row * image.width + x + width)
  }
}

export const at = ({ data, width }: Grey, x: number, y: number): number => data[y * width + x] ?? -1

export interface Writing {
  left: number
  top: number
  right: number
  bottom: number
  /** Height of the capitals, pixels. */
  letter: number
  ink?: number
}

/** Sets lines of letters that are a frame, a comb or a cross, every fourth one low like an x, words of five. */
export function write(image: Grey, { left, top, right, bottom, letter, ink = 0 }: Writing): void {
  const [wide, stroke] = [Math.round(letter * 0.7), Math.max(2, Math.round(letter / 7))]
  for (let y = top; y + letter <= bottom; y += Math.round(letter * 1.8)) {
    for (let x = left, count = 0; x + wide <= right; x += Math.round(letter * 0.9), count += 1) {
      if (count % 6 === 5) continue
      const low = count % 4 === 3 ? Math.round(letter * 0.3) : 0
      const [upper, high] = [y + low, letter - low]
      fill(image, x, upper, stroke, high, ink)
      fill(image, x, upper + high - stroke, wide, stroke, ink)
      if (count % 3 !== 1) fill(image, x + wide - stroke, upper, stroke, high, ink)
      if (count % 3 !== 2) fill(image, x, upper, wide, stroke, ink)
    }
  }
}

/** A page full of writing with margins of a tenth. */
export function writtenPage(width: number, height: number, letter: number): Grey {
  const page = paperOf(width, height)
  const [left, top] = [Math.round(width / 10), Math.round(height / 10)]
  write(page, { left, top, right: width - left, bottom: height - top, letter })
  return page
}

/** Each pixel of the new image comes from the place that `source` returns, bilinear; outside is paper. */
export function warp(image: Grey, source: (place: PagePoint) => PagePoint): Grey {
  const { data, width, height } = image
  const out = paperOf(width, height)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from = source({ x, y })
      const [left, top] = [Math.floor(from.x), Math.floor(from.y)]
      if (left < 0 || top < 0 || left >= width - 1 || top >= height - 1) continue
      const [right, down] = [from.x - left, from.y - top]
      const start = top * width + left
      const mix = (a: number, b: number, share: number): number => a + (b - a) * share
      const upper = mix(data[start] ?? 0, data[start + 1] ?? 0, right)
      const lower = mix(data[start + width] ?? 0, data[start + width + 1] ?? 0, right)
      out.data[y * width + x] = Math.round(mix(upper, lower, down))
    }
  }
  return out
}

/** Rotated about its middle, clockwise in image coordinates. */
export function askew(image: Grey, degrees: number): Grey {
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  const [x0, y0] = [image.width / 2, image.height / 2]
  return warp(image, ({ x, y }) => ({
    x: x0 + (x - x0) * cosine + (y - y0) * sine,
    y: y0 + (y - y0) * cosine - (x - x0) * sine,
  }))
}

/** Centre of gravity of the darkness in a part of an image. */
export function centreOfInk(
  { data, width, height }: Grey,
  around: PagePoint = { x: width / 2, y: height / 2 },
  reach = Math.max(width, height),
): PagePoint & { ink: number } {
  let [sumX, sumY, ink] = [0, 0, 0]
  for (let y = 0; y < height; y += 1) {
    if (Math.abs(y - around.y) > reach) continue
    for (let x = 0; x < width; x += 1) {
      const darkness = 255 - (data[y * width + x] ?? 255)
      if (darkness < 128 || Math.abs(x - around.x) > reach) continue
      sumX += darkness * (x + 0.5)
      sumY += darkness * (y + 0.5)
      ink += darkness
    }
  }
  return { x: sumX / ink, y: sumY / ink, ink }
}

export const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** The survey of an image after the steps before it. */
export const surveyOf = (image: Grey): PageSurvey =>
  surveyPage(darken.apply(repaint.apply(lookAt(image))))
