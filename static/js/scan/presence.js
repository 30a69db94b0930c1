// @ts-check
/** What a phone with nothing to upload tells of itself all the same: who is on duty, how old its list is, which version it runs. */

/** Milliseconds after which the same is told once more. */
export const AGAIN = 5 * 60_000;

export class Presence {
  /**
   * @param {{outbox: Pick<import('./outbox.js').Outbox, 'beat' | 'online'>, device: () => string, says: () => Record<string, any>, now?: () => number}} options
   *   `says`: what every batch tells of this phone
   */
  constructor({ outbox, device, says, now = Date.now }) {
    this.outbox = outbox;
    this.device = device;
    this.says = says;
    this.now = now;
    this.told = '';
    this.toldAt = -Infinity;
  }

  /** Tells it where it has changed, or was told long ago; the age of the list alone is no change. */
  async tell() {
    const { roster_at: rosterAt, ...rest } = this.says();
    const now = JSON.stringify([this.device(), Boolean(rosterAt), rest]);
    if (!this.outbox.online || (now === this.told && this.now() - this.toldAt < AGAIN)) return;
    [this.told, this.toldAt] = [now, this.now()];
    await this.outbox.beat(this.device());
  }
}
