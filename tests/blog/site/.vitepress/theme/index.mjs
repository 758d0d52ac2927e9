// As little as a blog is: the title, who signs, the post, and the posts' excerpts.
import { Content, useData } from 'vitepress'
import { h } from 'vue'
import { data as posts } from '../../posts.data.mjs'

export default {
  Layout: {
    setup() {
      const { frontmatter } = useData()
      return () => [
        h('h1', frontmatter.value.title),
        h('address', frontmatter.value.author?.name),
        h('main', h(Content)),
        h('nav', posts.map((post) => h('section', { innerHTML: post.excerpt }))),
      ]
    },
  },
}
