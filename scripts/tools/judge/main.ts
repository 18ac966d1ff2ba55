import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { defaultRecipe } from '../../../shared/contract/recipe.ts'
import { findEngineFactory } from '../../../workers/ocr/engine/find-engine.ts'
import { pageOptions } from '../accuracy/page-options.ts'
import { findTruthPages, truthFile } from '../accuracy/truth-pages.ts'
import { startTool } from '../common/start-tool.ts'
import { fitCurve, lossOf } from './logistic.ts'
import { cases, noSamples, samplePage } from './samples.ts'

/** Fits the curves of `workers/ocr/read/judge/chances.ts`. Every third page is held out and only measured. */
await startTool('eval:judge', process, async (host) => {
  const command = new Command('npm run eval:judge --')
    .description('Fits the chances of two engines to pages with known text, and prints them.')
    .argument('<pages>', 'a folder of images with <name>.gt.txt beside <name>.<ext>')
    .option('--second <engine>', 'the second engine', 'neural')
  for (const option of pageOptions()) command.addOption(option)
  command.parse([...host.arguments], { from: 'user' })
  const [folder = ''] = command.args
  const options = command.opts<{ second: string; sets?: string[]; limit?: number }>()
  const pages = findTruthPages(folder, options)
  const [createFirst, createSecond] = [
    await findEngineFactory('tesseract.js'),
    await findEngineFactory(options.second),
  ]
  const first = await createFirst(defaultRecipe, undefined)
  const second = await createSecond(defaultRecipe, undefined)
  const [fitted, heldOut] = [noSamples(), noSamples()]
  try {
    for (const [at, path] of pages.paths.entries()) {
      const truth = readFileSync(truthFile(pages.root, path), 'utf8')
      const samples = await samplePage(join(pages.root, path), truth, { first, second })
      const into = at % 3 === 2 ? heldOut : fitted
      for (const name of cases) into[name].push(...samples[name])
    }
  } finally {
    await Promise.all([first.close(), second.close()])
  }
  for (const name of cases) {
    const curve = fitCurve(fitted[name])
    const right = fitted[name].filter(({ isRight }) => isRight).length
    const [own, other] = [lossOf(curve, fitted[name]), lossOf(curve, heldOut[name])]
    host.print(
      `${name.padEnd(12)} ${right} of ${fitted[name].length} right, offset ${curve.offset.toFixed(2)}, slope ${curve.slope.toFixed(2)}, loss ${own.toFixed(3)}, held out ${other.toFixed(3)} (${heldOut[name].length})`,
    )
  }
  return true
})
