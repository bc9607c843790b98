// Every word of the console, in English and Chinese. A line: key|English|Chinese.

const TEXT = `
lang|en|zh-CN
action|Action|操作
actions|Actions|操作
activate|Activate|启用
actor|Who|操作者
after|after|跟随
ahead|{n} more fire times are recorded ahead.|另有 {n} 次触发已提前登记。
all_well|Nothing failed in the last week.|最近一周没有失败。
any|any|任意
arguments|Arguments, JSON|参数(JSON)
as_form|As a form|表单
as_json|As JSON|JSON
attempts|Attempts|尝试次数
attention|Needs attention|需要关注
average_duration|Average duration|平均时长
average_lateness|Average lateness|平均延迟
backfills|Backfills|补跑
bad_json|This is not JSON:|不是有效的 JSON:
began|Began|开始
begin|Begin|开始
body|Body, JSON|请求体(JSON)
built_in|built in|内置
by|By|由
calendar|Calendar|日历
callback_due|Callback due|回调期限
cancel|Cancel|取消
cancel_run|Cancel run|取消运行
cancel_text|What has been done stays.|已完成的工作会保留。
cancel_undo|Cancel and compensate|取消并补偿
cancel_undo_text|Completed steps are taken back.|已完成的步骤会被撤销。
catch_up|Missed fire times|错过的触发
cause|Cause|原因
change_password|Change password|修改密码
changes|Changes|变更
choice_all|run all|全部运行
choice_allow|run beside|允许并行
choice_fire|fire once|触发一次
choice_latest|run the latest|运行最近一次
choice_none|run none|不运行
choice_once|once|一次
choice_queue|wait|排队
choice_replace|replace the older|替换旧的
choice_skip|skip|跳过
choice_twice|twice|两次
close|Close|关闭
code|Code|验证码
codes_left|{n} recovery codes are left.|还剩 {n} 个恢复码。
compensate|Compensate|补偿
compensation|Compensation|补偿
complete|Say it is done|标记完成
confirm|Confirm|确认
confirm_text|Enter the code of your authenticator app, or a recovery code.|请输入验证器应用中的验证码或恢复码。
confirm_title|Confirm|确认操作
confirmed|Confirmed and done.|已确认并完成。
confirmed_by|Confirmed|确认方式
create|Create|创建
current_password|Present password|当前密码
days|Days|日期
decline|Decline|拒绝
definition|Definition|定义
delete|Delete|删除
delete_key|Delete key|删除密钥
delete_text|Delete {id}? Runs that were not started are skipped.|删除 {id}?未开始的运行将被跳过。
description|Description|说明
details|Details|详情
document|Document|文档
done|Done|完成
dry_run|Try out|试算
duration|Duration|时长
edit|Edit|编辑
edit_title|Edit {id}|编辑 {id}
ended|Ended|结束
ends_at|Ends at|结束于
enrol|Set up an app|设置验证器
events|Events|事件
expression|Expression|表达式
expression_hint|For example 30 2 * * *, @hourly, rate(5 minutes), at(2026-12-01T09:00:00).|例如 30 2 * * *、@hourly、rate(5 minutes)、at(2026-12-01T09:00:00)。
factor_active|The second factor is active. Keep these recovery codes; each works once.|二次验证已启用。请妥善保存恢复码,每个只能用一次。
factor_text|Sensitive operations ask for a code of your authenticator app.|敏感操作需要验证器应用的验证码。
failures|Failures|失败
failures_day|Failures, 24 h|失败(24 小时)
fire_time|Fire time|触发时间
fold|Time that comes twice|重复的时刻
follows|It runs after another schedule.|在另一个计划之后运行。
from|From|从
gantt|When each step ran|各步骤时间
gap|Time that does not exist|不存在的时刻
grace|Grace, seconds|宽限(秒)
graph|Graph|流程图
headers|Headers, JSON|请求头(JSON)
history|History|历史
history_picture|Runs, oldest first: colour is state, length is duration|运行历史:颜色表示状态,长度表示时长
hours_picture|Runs by hour, failures on top|每小时运行,失败在上
how|How|方式
id_hint|Lower-case letters, digits, - and _.|小写字母、数字、- 和 _。
inherits|Inherits|继承
input|Input|输入
jitter|Jitter, seconds|抖动(秒)
job|Job|任务
job_json|Workflow or other job, JSON|工作流或其他任务(JSON)
kind|Kind|类型
kind_external|external|外部
kind_person|person|人员
kind_service|service account|服务账号
last_day|Last 24 hours|最近 24 小时
last_run|Last run|上次运行
lateness|Lateness|延迟
letters_wait|{n} messages could not be delivered|有 {n} 条消息无法送达
list_hint|Separated by commas.|用逗号分隔。
log|Log|日志
login|Log in|登录
login_title|Log in to Carillon|登录 Carillon
logout|Log out|退出
logout_everywhere|Log out everywhere|退出所有会话
max_runs|Ends after so many runs|运行多少次后结束
menu|Menu|菜单
message|Message|消息
method|Method|方法
more|More|更多
more_timetable|More about the timetable|更多时间设置
new_backfill|New backfill|新建补跑
new_calendar|New calendar|新建日历
new_key|New key|新密钥
new_password|New password|新密码
new_role|New role|新建角色
new_user|New user|新建用户
next|Next|下次
next_fire_times|Next fire times|接下来的触发
no_backfills|There are no backfills.|没有补跑。
no_confirmations|Nothing waits for a confirmation.|没有等待确认的操作。
no_letters|Every message was delivered.|所有消息都已送达。
no_output|It has put out nothing.|没有输出。
no_rights|You have no permissions yet: ask an administrator for a role.|您还没有权限:请向管理员申请角色。
no_runs|It has not run yet.|尚未运行。
no_schedules|No schedules here. Search for less, or make a new one.|没有符合的计划。可放宽搜索,或新建计划。
not_begun|It has not begun yet.|尚未开始。
not_readable|This cannot be read yet.|暂时无法解析。
not_run|Not run|未运行
note|How was it dealt with?|如何处理的?
nothing|There is nothing here yet.|这里还没有内容。
nothing_next|Nothing is going to fire.|没有将要触发的计划。
nothing_now|Nothing runs or waits.|没有运行或等待中的任务。
now|Running and waiting|运行与等待
object|What|对象
older|Older|更早
one_time|Choose a password of your own|请设置自己的密码
origin|Origin|来源
origin_backfill|backfill|补跑
origin_catch_up|catch-up|追赶
origin_chain|another schedule|其他计划
origin_compensation|compensation|补偿
origin_fire|fire time|触发时间
origin_manual|by hand|手动
origin_step|step of a workflow|工作流步骤
outcome|Outcome|结果
output|Output|输出
overlap|While one still runs|仍在运行时
owner|Owner|所有者
page_account|Account|账户
page_audit|Audit log|审计日志
page_calendars|Calendars|日历
page_confirmations|Confirmations|确认
page_dead-letters|Dead letters|死信
page_edit|Edit|编辑
page_new|New schedule|新建计划
page_overview|Overview|概览
page_roles|Roles|角色
page_runs|Run|运行
page_schedules|Schedules|计划
page_users|Users|用户
password|Password|密码
password_changed|The password is changed. Log in again.|密码已修改,请重新登录。
password_hint|At least 12 characters.|至少 12 个字符。
pause|Pause|暂停
pause_text|Pause {id}? No fire time of it starts until it is resumed.|暂停 {id}?恢复前不会再触发。
paused_until|Paused until|暂停至
permissions|Permissions|权限
preview|Preview|预览
qr_alt|QR code for the authenticator app|验证器二维码
range|Range|范围
reason|Reason|原因
request|request|请求
reset_factor|Reset second factor|重置二次验证
resource|Resource|资源
resume|Resume|恢复
retried|Retries|重试
retry|Run again|重新运行
retry_of|Repeats|重新运行自
revision|Revision|版本
revisions|Revisions|历史版本
role|Role|角色
run|Run|运行
run_now|Run now|立即运行
run_with|Run with a payload|带参数运行
runs_left|Runs left|剩余次数
save|Save|保存
saved|Saved.|已保存。
scan|Scan this with an authenticator app, then enter its first code.|用验证器应用扫描,然后输入第一个验证码。
schedule|Schedule|计划
schedule_id|Id|标识
scope|Scope|范围
search|Search|搜索
search_hint|Part of the id|标识的一部分
search_on|None so far; there is more to search.|暂无匹配,可继续搜索。
second_factor|Second factor|二次验证
send_again|Send again|重新发送
sensitive|Sensitive|敏感
sensitive_hint|Operations on it need a second factor.|对它的操作需要二次验证。
sent_again|Sent again|已重新发送
session_over|Your session is over. Log in again.|会话已结束,请重新登录。
settle|Settle|标记已处理
settle_text|Declares that the effects are dealt with.|声明其影响已被处理。
shown_once|Shown once|仅显示一次
shown_once_text|Copy it now; it cannot be shown again.|请立即复制,之后无法再次显示。
skip|Skip to the content|跳到内容
skip_next|Skip next|跳过下次
starts_at|Starts at|开始于
state|State|状态
state_active|active|启用
state_broken|broken|损坏
state_cancelled|cancelled|已取消
state_compensated|compensated|已补偿
state_compensating|compensating|补偿中
state_compensation_failed|compensation failed|补偿失败
state_declined|declined|已拒绝
state_disabled|disabled|已停用
state_done|done|完成
state_enabled|enabled|已启用
state_ended|ended|已结束
state_expired|expired|已过期
state_failed|failed|失败
state_off|off|未启用
state_paused|paused|已暂停
state_performing|performing|执行中
state_queued|queued|排队中
state_refused|refused|被拒绝
state_retrying|retrying|重试中
state_running|running|运行中
state_skipped|skipped|已跳过
state_succeeded|succeeded|成功
state_timed_out|timed out|超时
state_unknown|unknown|未知
state_waiting|waiting|等待中
state_waits|not yet|未开始
step|Step|步骤
steps|Steps|步骤
succeeded|Succeeded|成功
succeeded_day|Succeeded, 24 h|成功(24 小时)
success_rate|Success rate|成功率
tag|Tag|标签
tags|Tags|标签
tags_hint|For example team=data, tier=1.|例如 team=data, tier=1。
task|Task|任务名
theme_auto|◐ Auto|◐ 自动
theme_dark|◐ Dark|◐ 深色
theme_light|◐ Light|◐ 浅色
timeout|Timeout, seconds|超时(秒)
to|To|到
trace|Trace|追踪
archived|From the archive: its row has expired|来自归档：该行已过期
until|Until|截止
user|User|用户
what|What|内容
when|When|时间
workflow|Workflow|工作流
would_run|It would run {n} of {all} fire times.|将运行 {all} 个触发时间中的 {n} 个。
zone|Time zone|时区`;


const WORDS = new Map(TEXT.trim().split('\n').map((line) => line.split('|')).map(([key, ...words]) => [key, words]));
const KEY = 'carillon.language';

export function language() {
  const kept = localStorage.getItem(KEY);
  return kept === 'zh' || kept === 'en' ? kept : navigator.language.startsWith('zh') ? 'zh' : 'en';
}

export const chooseLanguage = (name) => localStorage.setItem(KEY, name);

/** A word of the console in the page's language; a key without a word stands for itself. */
export function t(key, values = {}) {
  const found = WORDS.get(key);
  const text = found ? found[language() === 'zh' ? 1 : 0] : key;
  return text.replace(/\{(\w+)\}/g, (mark, name) => values[name] ?? mark);
}
