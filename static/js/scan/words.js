// @ts-check
/** Every sentence that the scanner itself says, in one place, in the language of the page; the server's own sentences come with its answers. */

import { ENGLISH } from './words-en.js';

export const CHINESE = {
  /** The server's sentence in the language of the page. @param {string} message */
  say: (message) => message,
  /** @type {Record<string, string>} used only where an answer brings no sentence */
  outcomes: {
    admitted: '请进',
    already_used: '已签到',
    too_many: '人数超了',
    unknown_ticket: '没查到 · 请报手机尾号',
    wrong_event: '这是别的活动的码',
    cancelled: '已取消 · 可现场登记',
    waitlisted: '候补 · 暂未递补',
    awaiting_approval: '主办方还没确认',
    blocked: '请到服务台',
    reissued: '已换新码 · 请打开新凭证',
    wrong_session: '您没有报这一场',
    not_yet_open: '还没有开始入场',
    closed: '已停止入场',
    answers_needed: '还要问几项',
    undone: '已撤销',
    counted: '已记上',
  },
  /** @type {Record<string, string>} why the server would not keep a record */
  rejected: {
    malformed: '内容有误，没有记上',
    unknown_checkpoint: '签到点已被组织者改动，请刷新页面',
    unknown_counter: '计数项已被组织者改动，请刷新页面',
    not_allowed: '这台手机没有这项权限',
    id_reused: '这条记录的编号已被用过',
    forbidden: '这台手机没有这项权限',
    undo_too_late: '超过15分钟，请组织者撤销',
  },
  notKept: '没有记上',
  askOrganizer: '请告诉组织者',
  finding: '正在查…',
  deciding: '正在核对…',
  foreign: '不是报名凭证的码',
  foreignLine: '没有发送。请对方打开报名凭证',
  /** @param {number} count of digits */
  shortCode: (count) => `签到码是6位，现在${count}位`,
  /** @param {string} begins @param {string} opens when check-in opens; empty where it is open, `null` where nobody can say */
  notBegun: (begins, opens) => `活动${begins}开始${opens === null ? '' : `，${opens ? `${opens}起` : '现在'}可以签到`}`,
  /** @param {string} time */
  sameDay: (time) => (time === '00:00' ? '当天0点' : `当天${time}`),
  /** @type {Record<string, string>} by the event's status */
  over: { cancelled: '活动已取消，不再签到', closed: '活动已结束，已停止入场' },
  noCode: '没看清码',
  noCodeLine: '请拍近一些，或输入6位签到码',
  noNetwork: '没有网络，无法核对',
  noNetworkLine: '可由您决定放行',
  keptForLater: '已记下，联网后自动核对',
  letInReason: '无法核对，由志愿者决定放行',
  turnAway: '不放行',
  unlisted: '名单里还没有，联网后核对',
  slowDown: '没查到的签到码太多，请稍等',
  spareParty: '新凭证，请数一数几位',
  unreachedParty: '没有网络，请数一数几位',
  confirmName: '请核对姓名',
  howMany: '几位进？',
  howManyOut: '几位离场？',
  which: '是哪一位？',
  /** @param {number} count */
  letIn: (count) => `放行 ${count} 位`,
  /** @param {number} count */
  letOut: (count) => `离场 ${count} 位`,
  /** @param {number} count */
  left: (count) => `还可进 ${count} 位`,
  /** @param {number} count */
  party: (count) => `报名 ${count} 位`,
  noCheckpoint: '没有签到点',
  noCheckpointLine: '请组织者先设一个签到点',
  /** @param {string} tail */
  tail: (tail) => `尾号 ${tail}`,
  /** @param {string} what */
  undo: (what) => `撤销 ${what}`,
  notSaved: '手机存不下了，请腾出空间再试一次',
  /** @param {number} count */
  offlineWaiting: (count) => `没有网络，${count} 条等待上传`,
  /** @type {Record<string, string>} */
  statuses: { confirmed: '已报名', waitlisted: '候补', pending: '待确认', cancelled: '已取消' },
  pick: '选这位',
  nobodyFound: '没有查到，可试手机尾号，或做现场登记',
  searchFailed: '没有网络，暂时查不了',
  searchSlow: '查得太快了，请稍等再试',
  /** @type {Record<string, string>} */
  stocktake: {
    incomplete: '请填领取数和剩余数',
    more_left_than_taken: '剩余不能多于领取',
    nothing_given: '领取和剩余一样，没有发出',
    too_many: '一次盘点不能超过9999',
  },
  /** Without a network. */
  offline: {
    /** @param {string} time */
    since: (time) => `没有网络，自${time}起。`,
    /** @param {string} time */
    manual: (time) => `离线工作中，自${time}起。`,
    /** @param {number} count */
    waiting: (count) => (count ? `${count}条等待上传。` : '没有要上传的。'),
    /** @param {string} time */
    roster: (time) => `名单是${time}的。`,
    noRoster: '手机里还没有名单。',
    /** @param {number} month @param {number} day @param {string} time */
    onDay: (month, day, time) => `${month}月${day}日${time}`,
    /** @param {number} tickets @param {string} time */
    ready: (tickets, time) => `断网也能用。名单${tickets}份，${time}更新`,
    readyCounting: '断网也能用',
    storing: '正在把扫码页存到手机里…',
    storingRoster: '正在把名单存到手机里…',
    notStored: '这个浏览器存不下扫码页：断网时请不要关闭或刷新',
    notLasting: '这台手机不能保存记录：断网时请不要关闭或刷新',
    /** @param {number} minutes */
    clockFast: (minutes) => `手机的时间快了${minutes}分钟。请在系统设置里改为自动，记录的时间才对。`,
    /** @param {number} minutes */
    clockSlow: (minutes) => `手机的时间慢了${minutes}分钟。请在系统设置里改为自动，记录的时间才对。`,
    /** @param {number} count */
    handedIn: (count) => `没上传的${count}条记录已交给负责人核对。`,
    /** @param {number} count */
    refusedIn: (count) => `还有${count}条没有交成（停用超过72小时，服务器不再收），请告诉负责人。`,
    seen: '知道了',
  },
  /** @type {Record<string, string>} what to do about a record that was not kept */
  advice: {
    unknown_checkpoint: '刷新页面后，请对这位再签到一次；然后点“知道了”',
    unknown_counter: '刷新页面后再点一次；然后点“知道了”',
    not_allowed: '请负责人给这台手机加上权限，再点“再试一次”',
    forbidden: '请负责人给这台手机加上权限，再点“再试一次”',
    undo_too_late: '请负责人在后台撤销；然后点“知道了”',
    otherwise: '请把屏幕给负责人看；处理好后点“知道了”',
  },
  /** The queue that goes from phone to phone. */
  relay: {
    /** @param {number} count @param {number} most */
    tooMany: (count, most) => `有${count}条等待上传。一次最多交${most}条，可以分几次交。`,
    /** @param {number} frame @param {number} total */
    frame: (frame, total) => `${frame}/${total}`,
    /** @param {number} count */
    confirm: (count) => `同事的手机显示“收到${count}条”了`,
    /** @param {number} count */
    handed: (count) => `已交给同事${count}条`,
    /** @param {number} count */
    next: (count) => `接着交下面的${count}条`,
    nothing: '没有等待上传的记录，不用交。',
    uploaded: '本机的记录都已上传，不用再交了。',
    noToken: '这台手机还没有交接用的凭据，联网一次后才能交给同事。',
    failed: '画不出二维码，请刷新后再试。',
    /** @param {number} count @param {number} total */
    taking: (count, total) => `正在接收同事的记录 ${count}/${total}`,
    takingHint: '对准不动，直到收齐',
    /** @param {string} numbers */
    missing: (numbers) => `还差第${numbers}帧`,
    broken: '这一轮没有读对，请继续对准，会重新接收',
    /** @param {number} count */
    took: (count) => `收到${count}条`,
    /** @param {number} count */
    before: (count) => `其中${count}条以前收过。`,
    tookHint: '请让同事看到这个数。本机联网后会替同事上传，记录仍写同事的名字。',
    notTaken: '手机存不下了，没有收下。请同事换一台手机交。',
    stopTaking: '不收了',
    close: '好了',
  },
  cancel: '取消',
  next: '下一位',
  answered: '问好了，继续',
  optional: '（选填）',
  yes: '是',
  no: '否',
  /** @param {number} count */
  wasIn: (count) => `已进 ${count} 位`,
  noName: '未留姓名',
  /** @param {string} name */
  shiftChanged: (name) => `已换班，现在由${name}当班`,
  consentFirst: '留姓名或电话前，请先征得本人同意并勾选',
  walkin: '现场登记',
  minus: '撤销',
  /** @param {number} quantity @param {boolean} out */
  minusOf: (quantity, out) => `撤销${out ? '出' : '+'}${quantity}`,
  /** A headcount is not what was checked in. @param {string} name */
  byHand: (name) => `手点：${name}`,
  /** @param {number} quantity */
  in: (quantity) => `进 +${quantity}`,
  /** @param {number} quantity */
  out: (quantity) => `出 +${quantity}`,
  topics: '类别（可不选）',
  /** @param {number} inside @param {number} out */
  inside: (inside, out) => `在场 ${inside} · 已出 ${out}`,
  /** @param {number} left @param {string} unit */
  stockLeft: (left, unit) => (left < 0 ? `超出库存 ${-left}${unit}` : `还剩 ${left}${unit}`),
  taken: '领取数',
  leftOver: '剩余数',
  stocktakeTitle: '盘点（领取减剩余）',
  takeStock: '记下盘点',
  /** @param {number} quantity @param {string} unit */
  takeStockOf: (quantity, unit) => `记下：发出 ${quantity}${unit}`,
  /** @param {string} time */
  asOf: (time) => `截至 ${time}`,
  waitingUpload: '待上传',
  undone: '已撤销',
  retry: '再试一次',
  setAside: '知道了',
  /** @type {Record<string, string>} */
  camera: {
    refused: '没有允许使用相机。可以拍照识别、输入签到码，或在浏览器设置里允许相机后刷新。',
    absent: '没有找到相机。可以拍照识别、输入签到码，或接扫码枪。',
    busy: '相机正被别的程序占用。关掉它再点“重开相机”，或先输入签到码。',
    insecure: '这个地址不是 https，浏览器不给用相机。可以拍照识别或输入签到码。',
    unsupported: '这个浏览器不能用相机。请用手机浏览器打开，或拍照识别、输入签到码。',
    decoder: '识别程序没有装上，请刷新；也可以输入签到码。',
  },
  mistake: '误操作',
  ticket: '报名凭证',
  /** @param {string} tail the code's last characters */
  unknownCode: (tail) => (tail ? `没查到的码 …${tail}` : '没查到的码'),
  wasLetIn: '已放行',
  /** @param {string} why */
  notLetIn: (why) => (why ? `未放行：${why}` : '未放行'),
  repeated: '重复，未放行',
  /** Where the sentence alone might be taken for a yes. @type {Record<string, (word: string) => string>} by the outcome */
  refusedFirst: { already_used: (word) => `不放行：${word}` },
  /** @param {string} name */
  validAfterAll: (name) => (name ? `${name}的码有效` : '这个码有效'),
  /** @param {number} quantity */
  stocktakeOf: (quantity) => `盘点 ${quantity}`,
  /** @param {number} quantity @param {boolean} out */
  tapped: (quantity, out) => `${out ? '出' : ''}+${quantity}`,
  /** @param {string} topic */
  topic: (topic) => `（${topic}）`,
  /** @param {number} count @param {boolean} out */
  people: (count, out) => `${count}位${out ? '离场' : ''}`,
  /** @param {number} count */
  walkinOf: (count) => `现场登记 ${count}位`,
  /** @param {string} what */
  undoneOf: (what) => `撤销：${what}`,
};

/** @type {typeof CHINESE} */
export const WORDS = globalThis.document?.documentElement?.lang === 'en' ? ENGLISH : CHINESE;
