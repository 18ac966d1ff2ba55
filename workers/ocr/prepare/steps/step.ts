/** A named step of preparation: takes the page of the step before, and returns it changed or unchanged. */
export interface PrepareStep<Page, Plan> {
  name: string
  apply: (page: Page, plan: Plan) => Page | Promise<Page>
}

/** Milliseconds of each step, by its name; a step that ran twice has the sum. */
export type StepTimes = Record<string, number>

/** Applies steps one after another and adds their times to `times`. */
export async function applySteps<Page, Plan>(
  steps: readonly PrepareStep<Page, Plan>[],
  given: Page,
  plan: Plan,
  times: StepTimes = {},
): Promise<Page> {
  let page = given
  for (const { name, apply } of steps) {
    const began = performance.now()
    page = await apply(page, plan)
    times[name] = (times[name] ?? 0) + performance.now() - began
  }
  return page
}
