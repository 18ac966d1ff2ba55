import { docker } from './engine.ts'
import { testImage } from './project.ts'
import type { ComposePart } from './setting.ts'

const base = 'node:24-bookworm-slim'
const targetMb = 250
const bytesPerMb = 1e6

/** The size that the image adds to its base. */
export const image: ComposePart = {
  name: 'image',
  about: 'size of the image above its base image',
  async run() {
    const sizes = await docker('image', 'inspect', '-f', '{{.Size}}', testImage, base)
    const [all = Number.NaN, below = Number.NaN] = sizes.split('\n').map(Number)
    const values = [(all - below) / bytesPerMb]
    const name = `image on top of ${base}`
    return { kind: 'measured', figures: [{ name, values, unit: 'MB', target: { max: targetMb } }] }
  },
}
