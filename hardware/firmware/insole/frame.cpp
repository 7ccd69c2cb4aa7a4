#include "frame.h"

#include <string.h>

static_assert(N_SENSELS % 4 == 0 && SENSEL_BITS == 10, "pack() puts four counts into five bytes");

uint16_t crc16(const uint8_t *bytes, uint8_t n) {
  uint16_t crc = 0xFFFF;
  while (n--) crc = crc16_add(crc, *bytes++);
  return crc;
}

namespace {

const uint8_t STATUS_BYTES = 21;
const uint8_t PULSE_BYTES = 11;
const uint8_t FRAME_BYTES = 8 + FRAME_COUNT_BYTES;
const uint8_t IDENTIFY_BYTES = 21 + 2 * N_SENSELS + 4 * (1 + MAX_STRING);
const int16_t NO_TEMPERATURE = -32768;

static_assert(IDENTIFY_BYTES + 2 <= MAX_BODY, "an identify record must fit into one packet");

// Type and payload in, packet out: COBS and CRC grow in the same pass. The head moves only when the delimiter stands
// in the ring, so that the line never sees a part of a packet.
bool send(SendRing &ring, const uint8_t *body, uint8_t n) {
  if (ring_room(ring) < n + 4) return false;
  uint8_t code_at = ring.head;
  uint8_t at = code_at;
  uint16_t crc = 0xFFFF;
  auto put = [&](uint8_t byte) __attribute__((always_inline)) {
    ++at;
    if (byte == 0) {
      ring.bytes[code_at] = static_cast<uint8_t>(at - code_at);
      code_at = at;
    } else {
      ring.bytes[at] = byte;
    }
  };
  for (const uint8_t *end = body + n; body != end; ++body) {
    crc = crc16_add(crc, *body);
    put(*body);
  }
  put(static_cast<uint8_t>(crc));
  put(static_cast<uint8_t>(crc >> 8));
  ++at;
  ring.bytes[code_at] = static_cast<uint8_t>(at - code_at);
  ring.bytes[at] = 0;
  in_order();
  ring.head = static_cast<uint8_t>(at + 1);
  return true;
}

uint8_t *write_u16(uint8_t *to, uint16_t value) {
  *to++ = static_cast<uint8_t>(value);
  *to++ = static_cast<uint8_t>(value >> 8);
  return to;
}

uint8_t *write_u32(uint8_t *to, uint32_t value) {
  return write_u16(write_u16(to, static_cast<uint16_t>(value)), static_cast<uint16_t>(value >> 16));
}

uint8_t *write_text(uint8_t *to, const char *text, uint8_t length) {
  if (length > MAX_STRING) length = MAX_STRING;
  *to++ = length;
  memcpy(to, text, length);
  return to + length;
}

uint8_t *write_text(uint8_t *to, const char *text) { return write_text(to, text, static_cast<uint8_t>(strlen(text))); }

// Protocol section 3.1: one stream of bits, the least significant first. Four counts fill five bytes.
uint8_t *pack(uint8_t *to, const uint16_t *counts) {
  // In bytes with swapped nibbles, because the processor shifts one bit at a time.
  for (const uint16_t *end = counts + N_SENSELS; counts != end; counts += 4) {
    uint8_t low = static_cast<uint8_t>(counts[0]), high = static_cast<uint8_t>(counts[0] >> 8) & 0x03;
    *to++ = low;
    low = static_cast<uint8_t>(counts[1]);
    *to++ = high | static_cast<uint8_t>(low << 2);
    high = static_cast<uint8_t>((counts[1] >> 8 & 0x03) << 2) | static_cast<uint8_t>((swap_nibbles(low) & 0x0F) >> 2);
    low = swap_nibbles(static_cast<uint8_t>(counts[2]));
    *to++ = high | (low & 0xF0);
    high = (low & 0x0F) | swap_nibbles(static_cast<uint8_t>(counts[2] >> 8) & 0x03);
    low = static_cast<uint8_t>(counts[3]);
    *to++ = high | swap_nibbles(static_cast<uint8_t>((low & 0x03) << 2));
    high = swap_nibbles(static_cast<uint8_t>((counts[3] >> 8 & 0x03) << 2));
    *to++ = high | static_cast<uint8_t>(low >> 2);
  }
  return to;
}

}  // namespace

bool send_delimiter(SendRing &ring) {
  if (ring_room(ring) < 1) return false;
  ring.bytes[ring.head] = 0;
  in_order();
  ring.head = static_cast<uint8_t>(ring.head + 1);
  return true;
}

bool send_frame(SendRing &ring, const Scan &scan) {
  uint8_t body[FRAME_BYTES];
  body[0] = RECORD_FRAME;
  uint8_t *to = write_u16(body + 1, scan.sequence);
  to = write_u32(to, scan.time_us);
  *to++ = scan.flags;
  pack(to, scan.counts);
  return send(ring, body, FRAME_BYTES);
}

bool send_identify(SendRing &ring, const Identity &identity) {
  uint8_t body[IDENTIFY_BYTES];
  body[0] = RECORD_IDENTIFY;
  body[1] = PROTOCOL_MAJOR;
  body[2] = PROTOCOL_MINOR;
  uint8_t *to = write_u32(body + 3, identity.boot_id);
  *to++ = identity.side;
  *to++ = N_SENSELS;
  *to++ = SENSEL_BITS;
  *to++ = identity.circuit;
  to = write_u32(to, identity.r_m_milliohm);
  to = write_u16(to, identity.rate_hz);
  to = write_u32(to, identity.capabilities);
  for (uint8_t i = 0; i < N_SENSELS; ++i) to = write_u16(to, identity.scan_offset_us[i]);
  to = write_text(to, identity.firmware);
  to = write_text(to, identity.board);
  to = write_text(to, identity.serial, identity.serial_length);
  to = write_text(to, identity.layout, identity.layout_length);
  return send(ring, body, static_cast<uint8_t>(to - body));
}

bool send_status(SendRing &ring, uint32_t time_us, const Counters &counters) {
  uint8_t body[STATUS_BYTES];
  body[0] = RECORD_STATUS;
  uint8_t *to = write_u32(body + 1, time_us);
  to = write_u32(to, counters.frames_sent);
  to = write_u32(to, counters.frames_dropped);
  to = write_u32(to, counters.overruns);
  to = write_u16(to, 0);  // supply: not measured, the divider is ratiometric
  write_u16(to, static_cast<uint16_t>(NO_TEMPERATURE));
  return send(ring, body, STATUS_BYTES);
}

bool send_pulse(SendRing &ring, const Pulse &pulse) {
  uint8_t body[PULSE_BYTES];
  body[0] = RECORD_PULSE;
  uint8_t *to = write_u32(body + 1, pulse.time_us);
  *to++ = pulse.kind;
  *to++ = pulse.level;
  write_u32(to, pulse.count);
  return send(ring, body, PULSE_BYTES);
}

bool send_reply(SendRing &ring, uint8_t command, uint8_t code, const char *text) {
  uint8_t body[4 + MAX_STRING];
  body[0] = RECORD_REPLY;
  body[1] = command;
  body[2] = code;
  const uint8_t *end = write_text(body + 3, text);
  return send(ring, body, static_cast<uint8_t>(end - body));
}
