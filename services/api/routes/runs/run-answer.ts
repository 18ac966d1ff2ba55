import { answerOf, refTo, runParams } from '../../schemas/common.ts'
import { runViewSchema, type RunView } from '../../schemas/run.ts'
import { requireRun, type Context } from '../context.ts'

/** The schema of an action on a run; the response is the run. */
export const runActionSchema = (operationId: string, summary: string, description: string) => ({
  operationId,
  summary,
  description,
  tags: ['Runs'],
  params: runParams,
})

export const runAnswer = answerOf('The run.', refTo(runViewSchema))

/** The run as the API shows it. Throws `unknown_run` or `aggregator_missing`. */
export async function showRun(context: Context, id: string): Promise<RunView> {
  return context.runs.show(await requireRun(context, id))
}
