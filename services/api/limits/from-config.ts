import type { ApiConfig } from '../../../shared/process/config.ts'
import { createLimits } from './limits.ts'

/** Creates the limits that the configuration sets. */
export const limitsFrom = (config: ApiConfig) =>
  createLimits({
    connections: config.SCRIPTORIUM_MAX_CONNECTIONS,
    body_bytes: config.SCRIPTORIUM_MAX_BODY_MEMORY,
    open_uploads: config.SCRIPTORIUM_MAX_UPLOADS,
    event_streams: config.SCRIPTORIUM_MAX_STREAMS,
    spool_bytes: 0, // The spool's room moves it: it follows the free space of the disk.
    queue_jobs: config.SCRIPTORIUM_MAX_QUEUE,
    uncollected_results: config.SCRIPTORIUM_MAX_RESULTS,
    webhooks: config.SCRIPTORIUM_MAX_WEBHOOKS,
    renderings: config.SCRIPTORIUM_MAX_RENDERINGS,
    pictures: config.SCRIPTORIUM_MAX_PICTURES,
    searches: config.SCRIPTORIUM_MAX_SEARCHES,
  })
