"""Common words of talks that nearly everybody translates alike, found in English and in Chinese.

A rough sense of what a text speaks of, good for telling which English a Chinese text belongs to
and whether a sentence is missing; no dictionary. Knows nothing of checks or translators. Plain
text in, sets of the table's English beginnings out.
"""

import re
from functools import lru_cache

# An English beginning, then what the Chinese has for it.
_COMMON = """
abstract 摘要|accura 准确 精度|agree 同意 一致|algorithm 算法|analy 分析|annotat 标注 注释
answer 答|approach 方法|articl 文章|audio 音频|author 作者|automatic 自动|baseline 基线 基准
batch 批|benchmark 基准|better 更好|book 书|build 构建 建立|call 调用 称|challeng 挑战
chang 改变 变化 更改|classif 分类|code 代码|column 列|commit 提交|communit 社区|compan 公司
compar 比较 对比 相比|compil 编译|comput 计算|config 配置|consist 包括 由|context 上下文 语境
correct 正确 纠正|corpus 语料|creat 创建 创造|data 数据|debug 调试|decod 解码|demo 演示
develop 开发|device 设备|dictionar 字典 词典|differen 不同 差异|difficult 困难 难|distribut 分布
document 文档 文件|domain 领域 域|download 下载|edge 边缘|embedding 嵌入|encod 编码|english 英
error 错误 误差|evaluat 评估 评价|event 事件|exampl 例|experiment 实验|expert 专家
expla 解释 说明|extract 提取 抽取|feature 特征 功能|figure 图|file 文件|filter 过滤|find 发现 找
fine 微调|first 首先 第一|four 四|framework 框架|function 函数 功能|future 未来|generat 生成
goal 目标|gradient 梯度|graph 图|hardware 硬件|hello 你好 大家好|help 帮助|hidden 隐藏
histor 历史|human 人类 人工|idea 想法 思想|image 图像 图片|import 重要 导入
improv 改进 提高 改善 提升|industr 工业 行业 产业|information 信息|input 输入|install 安装
instance 实例|interest 兴趣 有趣|introduc 介绍 引入|issue 问题|kernel 内核 核|knowledge 知识
label 标签 标记|language 语言|large 大|last 最后 去年 上|layer 层|learn 学习|legal 法律
length 长度|level 级 层|library 库|linear 线性|link 链接|list 列表|load 加载|loss 损失
machine 机器|mask 掩|match 匹配|mathemat 数学|math 数学|memor 内存 显存 记忆|method 方法
metric 指标 度量|model 模型|modif 修改|month 月|name 名|natural 自然|network 网络|neural 神经
new 新|next 下一 接下来|number 数|object 对象 物体|open 开放 打开 开源|operat 操作 运算 算子
optimi 优化|output 输出|paper 论文|parallel 并行|parameter 参数|pars 解析|part 部分|people 人
perform 性能 表现 执行|phase 阶段|phone 电话 手机|phrase 短语|position 位置|predict 预测
present 介绍 展示 呈现|previous 之前 以前 先前|problem 问题|process 过程 处理|product 产品 乘积
program 程序|project 项目|propos 提出 建议|quality 质量|quantit 数量|question 问题
rank 排名 排序|reason 推理 原因 理由|recogni 识别|relation 关系|releas 发布 版本
represent 表示 代表|research 研究|result 结果|retriev 检索|review 评论 审|robust 稳健 鲁棒
row 行|sampl 样本 采样 示例|scor 分数 得分 评分|script 脚本|search 搜索|second 第二 其次 秒
semantic 语义|sentence 句|sequence 序列|server 服务器|shar 分享 共享|shot 样本
show 展示 显示 表明|simpl 简单|slide 幻灯片|small 小|social 社会 社交|software 软件|source 源
space 空间|special 特殊|speech 语音|speed 速度|split 拆分 分割|standard 标准|statist 统计
step 步|structur 结构|student 学生|summar 摘要 总结|support 支持|system 系统|table 表
target 目标|task 任务|team 团队|term 术语 词|test 测试|text 文本|thank 谢|theor 理论|three 三
time 时间 次|token 分词 词元 标记|tool 工具|train 训练|transform 转换 变换|translat 翻译|tree 树
tutorial 教程|type 类型|universit 大学|updat 更新|user 用户|valid 验证 有效|value 值|vector 向量
version 版本|video 视频|vision 视觉|visual 视觉 可视|vocabular 词汇 词表|voice 声音 语音
weight 权重|window 窗口|word 词 单词|work 工作|world 世界|writ 写|year 年
"""
TABLE = {
    parts[0]: tuple(parts[1:])
    for parts in (entry.split() for entry in _COMMON.replace("\n", "|").split("|"))
    if parts
}
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")


@lru_cache(maxsize=512)  # neighbours are compared again and again
def english(text: str) -> frozenset[str]:
    """The common words that an English text says."""
    words = {word.casefold() for word in _WORD.findall(text)}
    stems = {word[:n] for word in words for n in range(3, len(word) + 1)}
    return frozenset(stems & TABLE.keys())


@lru_cache(maxsize=512)
def chinese(text: str) -> frozenset[str]:
    """The common words that a Chinese text has, in Chinese or left in English."""
    found = (stem for stem, words in TABLE.items() if any(word in text for word in words))
    return frozenset(found) | english(text)
