/** Variables that docker-compose.yml itself reads. Its text holds the defaults. */
export const composeSettings = {
  SCRIPTORIUM_TAG: 'Tag of the image that is built and run',
  LANGUAGES:
    'Languages besides English that are built into the image, as Debian names them: `deu fra frk`',
  INPUT_FOLDER:
    'Folder that runs may read: root `in` of the API, /data/in in every container. Read-only',
  OUTPUT_FOLDER:
    'Output of runs, /output in the containers: a volume, or a folder that begins with `/` or `./`',
  SCRIPTORIUM_USER:
    'User and group of the containers, as numbers (`id -u`, `id -g`); owner of the output',
  API_ADDRESS: 'Address that the API is published on; any other than loopback requires tokens',
  API_PORT: 'Port that the API is published on',
  WORKER_CPUS: 'Cores of one worker container',
  WORKER_MEMORY:
    'Memory of one worker container; a 12-megapixel page and its engines take up to 750 MB',
  API_MEMORY: "Memory of the API's container",
  AGGREGATOR_MEMORY: "Memory of the aggregator's container",
  REDIS_MAXMEMORY: "Redis's `maxmemory`",
  REDIS_PASSWORD: "Password of the compose file's Redis; REDIS_URL must contain another one, too",
  INSIDE_IS_CLOSED:
    '`false` for a Redis outside of the compose file: workers reach only its containers otherwise',
  STOP_GRACE_PERIOD:
    'Time until Docker kills a container that is stopping; longer than SCRIPTORIUM_DRAIN_MS',
  HEALTH_INTERVAL: 'Interval of the health checks',
} as const

/** `${NAME:-default}` in docker-compose.yml, by name, in order of first appearance. */
export function defaultsOfCompose(text: string): Map<string, string> {
  const defaults = new Map<string, string>()
  for (const [, name = '', value = ''] of text.matchAll(/\$\{([A-Z_]+)(?::-([^}]*))?\}/g)) {
    if (!defaults.has(name)) defaults.set(name, value)
  }
  return defaults
}
