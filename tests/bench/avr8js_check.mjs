// The Uno's firmware under avr8js, another simulator: which codes does it send for these voltages, in which order?
//
//   npm install avr8js@0.20.1
//   node avr8js_check.mjs insole-uno.hex RATE_HZ SCANS < voltages.json > codes.json
//
// voltages.json: [[16 voltages in mV], ...], a set a scan in turn. avr8js converts one shot at a time, so that a scan
// takes longer than on the chip: rates up to 500 Hz, whose conversions leave room for it.
import { readFileSync } from 'node:fs';
import {
  ADCMuxInputType, AVRADC, AVREEPROM, AVRIOPort, AVRTimer, AVRUSART, AVRWatchdog, AVRClock, CPU, EEPROMMemoryBackend,
  adcConfig, avrInstruction, clockConfig, eepromConfig, portBConfig, portDConfig, timer0Config, timer1Config,
  usart0Config, watchdogConfig,
} from 'avr8js';

const HZ = 16_000_000;
const [hexPath, rateText, scansText] = process.argv.slice(2);
const sets = JSON.parse(readFileSync(0, 'utf8'));
const rate = Number(rateText), scans = Number(scansText);

const program = new Uint8Array(32768).fill(0xff);
for (const line of readFileSync(hexPath, 'latin1').split('\n')) {
  if (line.slice(7, 9) !== '00') continue;
  const bytes = Buffer.from(line.slice(1).trim(), 'hex');
  program.set(bytes.subarray(4, 4 + bytes[0]), bytes.readUInt16BE(1));
}
const cpu = new CPU(new Uint16Array(program.buffer), 2048);
const portD = new AVRIOPort(cpu, portDConfig);
new AVRIOPort(cpu, portBConfig);
new AVRTimer(cpu, timer0Config);
new AVRTimer(cpu, timer1Config);
new AVREEPROM(cpu, new EEPROMMemoryBackend(1024), eepromConfig);
new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, HZ, clockConfig));
const usart = new AVRUSART(cpu, usart0Config, HZ);
const adc = new AVRADC(cpu, adcConfig);

// The 4067: D4 to D7 choose which sensor is on A0. Every sixteenth conversion begins another set of voltages.
let conversions = 0;
adc.onADCRead = (input) => {
  const selected = cpu.data[portDConfig.PORT] >> 4;
  if (input.type !== ADCMuxInputType.SingleEnded || input.channel !== 0) throw new Error('not A0');
  const set = sets[Math.floor(conversions / 16) % sets.length];
  const code = Math.min(Math.floor((set[selected] / 5000) * 1024), 1023);
  if (streaming) conversions++;
  cpu.addClockEvent(() => adc.completeADCRead(code), adc.sampleCycles);
};

// The line: commands in, packets out.
const crc16 = (bytes) => bytes.reduce((crc, byte) => {
  crc ^= byte;
  for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  return crc;
}, 0xffff);
const encode = (body) => {
  const crc = crc16(body), whole = [...body, crc & 255, crc >> 8, 0], out = [];
  for (let at = 0; at < whole.length;) {
    const zero = whole.indexOf(0, at);
    out.push(zero - at + 1, ...whole.slice(at, zero));
    at = zero + 1;
  }
  return [0, ...out, 0];
};
const decode = (packet) => {
  const body = [];
  for (let at = 0; at < packet.length; at += packet[at]) {
    body.push(...packet.slice(at + 1, at + packet[at]));
    if (at + packet[at] < packet.length) body.push(0);
  }
  return crc16(body) === 0 ? body : null;
};
const outbox = [], frames = [];
let packet = [], streaming = false, damaged = 0, identified = false, replies = 0;
const answered = (body) => {
  if (body[2]) throw new Error(`refused: ${body}`);
  replies++;
  if (body[1] === 0x82) streaming = true;
};
usart.onByteTransmit = (byte) => {
  if (byte !== 0) { packet.push(byte); return; }
  const body = packet.length ? decode(packet) : [];
  packet = [];
  if (body === null) damaged++;
  else if (body[0] === 2) identified = true;
  else if (body[0] === 5) answered(body);
  else if (body[0] === 1) {
    const counts = [];
    for (let i = 0; i < 16; i++) {
      const bit = 10 * i, at = 8 + (bit >> 3);
      counts.push(((body[at] | (body[at + 1] << 8)) >> (bit & 7)) & 0x3ff);
    }
    frames.push({ sequence: body[1] | (body[2] << 8), counts });
  }
};
usart.onRxComplete = () => { if (outbox.length) usart.writeByte(outbox.shift()); };
const send = (body) => { outbox.push(...encode(body)); usart.writeByte(outbox.shift()); };

const began = process.hrtime.bigint();
let asked = 0;
while (frames.length < scans && cpu.cycles < 60 * HZ) {
  avrInstruction(cpu);
  cpu.tick();
  if (asked === 0 && identified) { asked = 1; send([0x84, rate & 255, rate >> 8]); }
  if (asked === 1 && replies === 1) { asked = 2; send([0x82]); }
}
const wall = Number(process.hrtime.bigint() - began) / 1e9;
console.error(`${frames.length} frames, ${damaged} damaged, ${(cpu.cycles / HZ).toFixed(3)} s simulated in ${wall.toFixed(2)} s`);
console.log(JSON.stringify(frames));
