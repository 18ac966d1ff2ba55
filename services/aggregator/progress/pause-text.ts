import type { StartFailure } from '../../../shared/redis/heartbeats.ts'
import type { Pause } from '../../../shared/contract/pause.ts'
import { isOfService, type Trip } from './breaker.ts'

const seeLog = "see the services' logs"

/** The cure for each code, for users. */
const cures: Readonly<Record<string, string>> = {
  engine_boot_failed: `the engine or its language data is damaged or missing: install the languages again (npx scriptorium languages), check TESSDATA_PREFIX and SCRIPTORIUM_ENGINE; ${seeLog}`,
  engine_failed: `check the engine and its language data (npx scriptorium languages lists its files); ${seeLog}`,
  engine_crash: `check the engine, its language data (npx scriptorium languages) and the machine's memory; ${seeLog}`,
  poison: `check the named files; if all are sound, give the workers more memory, or start fewer (SCRIPTORIUM_WORKERS); ${seeLog}`,
  worker_crash: `give the workers more memory, or start fewer (SCRIPTORIUM_WORKERS); ${seeLog}`,
  page_timeout: 'start fewer workers, reduce other load, or allow more time per page (--timeout)',
  decode_timeout:
    'start fewer workers, reduce other load, or raise SCRIPTORIUM_DECODE_MS on the workers',
  decoder_failed: `check the memory and the process limits of the workers; ${seeLog}`,
  recipe_mismatch: 'run one version, one engine and the same language data on all hosts',
  unknown_language:
    'install the language on every host with workers: npx scriptorium languages add',
  not_found: 'check that the input folder exists and its disk is mounted',
  configuration: 'correct the setting in the message',
}
const anyCure = `fix the cause in the message; ${seeLog}`
/** Cure where the files themselves are to blame: a canary counts these, too. */
const leaveOut = 'check the files; exclude unreadable ones (--exclude), or omit --canary'

const lookAtThem = 'look at their texts, then resume the run, which reads the other files'

/** Describes why a run has paused; `pathOf` names the example's document. */
export function toPause(
  { rule, failures, of, codes }: Trip,
  pathOf: (documentId: string) => string,
): Pause {
  if (rule === 'canary_read') {
    const message = told[rule](failures, of)
    return { rule, code: rule, failures, of, example: null, message, cure: lookAtThem }
  }
  const [commonest] = [...codes].toSorted(([, a], [, b]) => b.count - a.count)
  const [code, example] =
    commonest === undefined ? ['internal'] : [commonest[0], commonest[1].example]
  const shown = example && {
    path: pathOf(example.documentId),
    page: example.page,
    message: example.error?.message ?? '',
  }
  const named = [...codes]
    .map(([each, n]) => (codes.size === 1 ? each : `${n.count} ${each}`))
    .join(', ')
  const forExample = shown === undefined ? '' : `; for example ${shown.path}: ${shown.message}`
  return {
    rule,
    code,
    failures,
    of,
    example: shown ?? null,
    message: `${told[rule](failures, of)} (${named})${forExample}`,
    cure: cures[code] ?? (isOfService(code) ? anyCure : leaveOut),
  }
}

/** Describes why runs pause that no worker can read. */
export function startPause({ host, deaths, code, message }: StartFailure): Pause {
  return {
    rule: 'no_worker',
    code,
    failures: deaths,
    of: deaths,
    example: null,
    message: `${told.no_worker(deaths, deaths)} on ${host} (${code}): ${message}`,
    cure: cures[code] ?? anyCure,
  }
}

const told: Readonly<Record<Pause['rule'], (failures: number, of: number) => string>> = {
  in_a_row: (failures) => `${failures} readings in a row failed`,
  share: (failures, of) => `${failures} of the first ${of} readings failed`,
  canary: (failures, of) => `${failures} of the first ${of} files failed`,
  canary_read: (failures, of) =>
    `the first ${of} files, spread over the folder, are read${failures === 0 ? '' : `; ${failures} of them failed`}`,
  no_worker: (deaths) => `no worker starts: the last ${deaths} exited before they were ready`,
}
