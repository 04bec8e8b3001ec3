import type { Client } from './client'
import type * as t from './types'

const at = encodeURIComponent

/** What learners do; apart from the rest because no page that opens first needs it. */
export function learning(c: Client) {
  return {
    syllabus: (product: string) => c.get<t.Syllabus>(`/products/${at(product)}/lessons`),
    /** Opens a lesson: its film gets an address for some minutes. */
    watch: (lesson: string) => c.post<t.LessonPlay>(`/lessons/${at(lesson)}/watch`),
    courses: (after?: string) => c.get<t.List<t.Course>>('/me/courses', { after }),
    course: (id: string) => c.get<t.Course>(`/me/courses/${at(id)}`),
    ofOrder: (order: string) => c.get<t.List<t.Course>>(`/orders/${at(order)}/courses`),
    note: (course: string, lesson: string, seen: t.Span[], at_ms: number) =>
      c.put<t.Course>(`/me/courses/${at(course)}/lessons/${at(lesson)}/progress`, { seen, at_ms }),
  }
}

/** What the teachers of one shop do. */
export function teaching(c: Client, shop: string) {
  const base = `/merchant/shops/${at(shop)}`
  const lessons = (product: string) => `${base}/products/${at(product)}/lessons`
  const lesson = (id: string) => `${base}/lessons/${at(id)}`
  return {
    lessons: (product: string) => c.get<t.List<t.TaughtLesson>>(lessons(product)),
    addLesson: (product: string, title: t.Text) => c.post<t.TaughtLesson>(lessons(product), { title }),
    arrange: (product: string, order: string[]) => c.put<t.List<t.TaughtLesson>>(`${lessons(product)}/order`, { lessons: order }),
    saveLesson: (id: string, change: t.LessonChange) => c.patch<t.TaughtLesson>(lesson(id), change),
    setFilm: (id: string, film: t.LessonFilmSource) => c.put<t.TaughtLesson>(`${lesson(id)}/film`, film),
    setCaptions: (id: string, vtt: string) => c.put<t.TaughtLesson>(`${lesson(id)}/captions`, { vtt }),
    removeLesson: (id: string) => c.delete<void>(lesson(id)),
    learners: (product: string, after?: string) => c.get<t.List<t.Learner>>(`${base}/products/${at(product)}/learners`, { after }),
    shows: () => c.get<t.List<t.ShowCard>>(`${base}/shows`),
  }
}
