import { defineConfig } from 'vitepress'

export default defineConfig({ title: 'Blog', cleanUrls: true, markdown: { math: true } })
