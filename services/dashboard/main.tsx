import { render } from 'preact'
import { Dashboard } from './shell/dashboard.tsx'
import { followLinks } from './router.ts'

const root = document.querySelector<HTMLElement>('#app')
if (root === null) throw new Error('index.html has no element #app')
followLinks(root)
render(<Dashboard />, root)
