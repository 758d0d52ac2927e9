// As little as a blog is: the title, who signs, the post; at home, the posts' excerpts.
import { Content, useData } from 'vitepress'
import { h, onMounted } from 'vue'
import { data as posts } from '../../posts.data.mjs'

const excerpt = (post) => h('section', { innerHTML: post.excerpt })

export default {
  Layout: {
    setup() {
      const { frontmatter, page } = useData()
      onMounted(() => (document.documentElement.dataset.mounted = '1'))
      return () => [
        h('h1', frontmatter.value.title),
        h('address', frontmatter.value.author?.name),
        h('main', h(Content)),
        h('nav', page.value.relativePath === 'index.md' ? posts.map(excerpt) : []),
      ]
    },
  },
}
