import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/problems', name: 'problems', component: () => import('./ProblemsPage.vue'), meta: { shell: 'both', place: 'problems' } },
  { path: '/problems/:problem', name: 'problem', component: () => import('./ProblemPage.vue'), meta: { shell: 'both', place: 'problems' } },
  { path: '/problems/:problem/paper', name: 'problem-paper', component: () => import('./PaperPage.vue'), meta: { shell: 'both', place: 'problems' } },
]
